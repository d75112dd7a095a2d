import { type Authorised, type Received, type Refused, refuse, type Valid } from '../call.ts';
import type { Circumstances } from './policy.ts';

/** After the schema: the whole policy with the real params (invariant 1). */
export function authorise(valid: Valid): Authorised | Refused {
  const { target } = valid;
  if (target.kind === 'built-in' && !target.builtIn.needsPermit) return authorised(valid, []);
  const decision = valid.generation.policy.authorise(
    valid.session.caller,
    valid.request.method,
    valid.params,
    circumstances(valid),
  );
  const { permitted, policies } = decision;
  if (!permitted) return denied(valid, policies);
  const missing =
    target.kind === 'built-in' ? target.builtIn.missing?.(valid.params, valid.generation) : null;
  if (typeof missing === 'string')
    return refuse('invalid', 'invalid-params', { at: missing, rule: 'enabled' });
  return authorised(valid, policies);
}

/** A denied caller learns no more than what an admin wrote for it. */
export function denied(
  { generation, session, request }: Pick<Received, 'generation' | 'session' | 'request'>,
  policies: readonly string[],
): Refused {
  const hint = generation.policy.hint(session.caller, request.method, policies);
  return refuse('denied', 'forbidden', hint === null ? {} : { hint }, policies);
}

function circumstances({ target, generation, metadata }: Valid): Circumstances {
  const profile = target.kind === 'driver' ? target.method.profile : null;
  return {
    at: new Date(),
    traceId: metadata.traceparent?.traceId,
    isolation: profile === null ? undefined : generation.plans.get(profile)?.isolation,
  };
}

function authorised(valid: Valid, policies: readonly string[]): Authorised {
  return { ...valid, stage: 'authorised', policies, authorisedAt: performance.now() };
}
