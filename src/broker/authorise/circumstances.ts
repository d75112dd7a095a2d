import type { CedarValueJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Isolation } from '../../boundary/messages.ts';
import type { Caller } from '../../shared/caller.ts';

/** What a call comes with beside its params. */
export interface Circumstances {
  readonly at: Date;
  /** Of `_meta.traceparent` (W3C Trace Context): what the caller says, and no more than that. */
  readonly traceId: string | undefined;
  /** Of the driver's launches; undefined: the method is built in. */
  readonly isolation: Isolation | undefined;
}

/** All that a context can have. */
export const CONTEXT_MEMBERS = ['params', 'time', 'trace', 'login', 'container', 'isolation'] as const;

/** Sunday is 7, so that a week's days are in order (ISO 8601). */
const SUNDAY = 7;

/**
 * A member of a call's context beside its params: `time` on the host's clock, `trace`, `login` and `container` of the
 * caller, and the `isolation` that the driver gets. schema.ts has its type.
 * @returns undefined where the call has no such member
 */
export function circumstance(
  name: string,
  caller: Caller,
  { at, traceId, isolation }: Circumstances,
): CedarValueJson | undefined {
  switch (name) {
    case 'time':
      return timeContext(at);
    case 'trace':
      return traceId;
    case 'login':
      return loginContext(caller);
    case 'container':
      return caller.container === null ? undefined : { ...caller.container };
    case 'isolation':
      return isolation === undefined ? undefined : isolationContext(isolation);
    default:
      return undefined;
  }
}

function timeContext(at: Date): CedarValueJson {
  return {
    unix: Math.floor(at.getTime() / 1000),
    hour: at.getHours(),
    minute: at.getMinutes(),
    weekday: at.getDay() === 0 ? SUNDAY : at.getDay(),
  };
}

function loginContext({ loginUid, loginSession }: Caller): CedarValueJson | undefined {
  if (loginUid === null) return undefined;
  return loginSession === null ? { uid: loginUid } : { uid: loginUid, session: loginSession };
}

function isolationContext(isolation: Isolation): CedarValueJson {
  return {
    launcher: isolation.launcher,
    network: isolation.network,
    root: isolation.uid === 0,
    user_namespace: isolation.way === 'user-namespace',
    capabilities: [...isolation.capabilities],
    degraded: [...isolation.degraded],
  };
}
