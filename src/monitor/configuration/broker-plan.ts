import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { Installation } from '../installation.ts';
import type { ProcessLimits } from '../launch/gate.ts';
import type { Mount, SandboxPlan } from '../launch/sandbox.ts';
import type { Options } from '../options.ts';
import type { LaunchHost } from './launch-host.ts';
import { brokerView, INSIDE } from './views.ts';
import { degradations, userChangeFor, type Wanted, wayFor } from './way.ts';

export interface BrokerPlan {
  readonly sandbox: SandboxPlan;
  readonly degraded: readonly string[];
}

const PATH = '/usr/bin:/bin';
/**
 * V8's young generation takes three times 4 MiB, from the beginning, since to grow to them takes a start 12 ms: with its own 16 a
 * broker through which much passes grows by some 25 MiB, of which nothing is in use. With 8 an idle daemon takes some 20 MiB more,
 * and calls are not faster. The rest may grow to twice what was in use after the last collection: with V8's own rule, up to four
 * times, it came by 25 MiB more that it kept.
 */
const YOUNG_AND_OLD = ['--min-semi-space-size=4', '--max-semi-space-size=4', '--heap-growing-percent=100'];
/**
 * Cedar's WebAssembly is compiled once, by V8's first compiler. Where V8 compiles a busy function again while it runs and
 * frees the first code, it has, once in some thousand starts, looked for freed code on the stack and ended the process
 * ("Check failed: it->second.Size() > offset" below Runtime_WasmTriggerTierUp, Node 24.21). A decision that Cedar is
 * asked for takes 80 µs instead of 45 once warm, less until then, and an idle broker 22 MiB less.
 */
const WEBASSEMBLY = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];
/** What the broker's Node is started with, before its program. */
export const NODE_OPTIONS: readonly string[] = [...YOUNG_AND_OLD, ...WEBASSEMBLY];
const LIMITS: Omit<ProcessLimits, 'openFiles'> = {
  fileBytes: 0,
  cpuSeconds: 2_147_483_647,
  dataBytes: 4_294_967_296,
  addressSpaceBytes: null,
  processes: 64,
  oomScore: 0,
};
/** Descriptors beside its connections and its drivers' streams. */
const DESCRIPTOR_RESERVE = 64;
const TMP_BYTES = 1_048_576;

/** The broker's own user and sandbox: `--user`, then `broker_user`, then the first of the configured range. */
export function planBroker(
  settings: Settings,
  options: Options,
  installation: Installation,
  host: LaunchHost,
): BrokerPlan {
  const self = process.geteuid?.() ?? 0;
  const { first } = settings.identities;
  const ids =
    self === 0
      ? (options.user ?? settings.broker_user ?? { uid: first, gid: first })
      : { uid: self, gid: process.getegid?.() ?? self };
  const user = { ...ids, groups: [] };
  const mounts: readonly Mount[] = [
    ...brokerView(installation),
    { kind: 'empty', target: '/tmp', bytes: TMP_BYTES, mode: '1777' },
  ];
  const { connections, launches } = settings.limits;
  const way = wayOfBroker({ ...user, mounts, capabilities: [], network: 'none' }, host);
  return {
    sandbox: {
      way,
      userChange: userChangeFor(way, user, host),
      ...user,
      mounts,
      capabilities: [],
      coveredProcFiles: [],
      network: 'none',
      workdir: '/',
      environment: new Map([['PATH', PATH]]),
      secretVariables: [],
      limits: { ...LIMITS, openFiles: connections + 3 * launches + DESCRIPTOR_RESERVE },
      program: {
        mode: 'direct',
        environmentNames: [],
        argv: [INSIDE.node, ...NODE_OPTIONS, `${INSIDE.broker}/dist/broker/main.js`],
      },
    },
    degraded: degradations(way, { memoryBytes: null, processes: null }),
  };
}

function wayOfBroker(wanted: Wanted, host: LaunchHost): SandboxPlan['way'] {
  try {
    return wayFor(wanted, host);
  } catch (error) {
    throw new Error(`Cannot start the broker: ${error instanceof Error ? error.message : 'it has no way'}`);
  }
}
