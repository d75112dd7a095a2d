import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Profile, Program, Settings } from '../../shared/configuration/types.generated.ts';
import type { Installation } from '../installation.ts';
import type { GateProgram, ProcessLimits } from '../launch/gate.ts';
import type { Mount, SandboxPlan } from '../launch/sandbox.ts';
import type { Options } from '../options.ts';
import { canReach } from './reach.ts';
import { brokerView, grantedView, INSIDE, nodeView, systemView } from './views.ts';

export interface SecretFile {
  readonly name: string;
  readonly file: string;
}

/** What the monitor needs to start one profile's driver. */
export interface DriverPlan {
  readonly name: string;
  readonly sandbox: SandboxPlan;
  /** The program as this host names it; the sandbox has it under another name. */
  readonly programFile: string;
  /** Milliseconds from "go". */
  readonly wallMs: number;
  readonly secrets: readonly SecretFile[];
  /** What this host cannot hold as a profile would have it; stated, never silent (invariant 8). */
  readonly degraded: readonly string[];
}

export interface BrokerPlan {
  readonly sandbox: SandboxPlan;
  readonly degraded: readonly string[];
}

const PATH = '/usr/bin:/bin';
const BROKER_LIMITS: Omit<ProcessLimits, 'openFiles'> = {
  fileBytes: 0,
  cpuSeconds: 2_147_483_647,
  dataBytes: 4_294_967_296,
  addressSpaceBytes: null,
  processes: 64,
};
/** Descriptors of the broker beside its connections and its drivers' streams. */
const BROKER_RESERVE = 64;
const BROKER_TMP_BYTES = 1_048_576;

export function planDriver(given: {
  readonly name: string;
  readonly profile: Profile;
  readonly program: Program;
  readonly folder: string;
  readonly hidden: readonly string[];
  readonly installation: Installation;
  readonly user: { readonly uid: number; readonly gid: number };
  /** Most launches alive at once. */
  readonly launches: number;
}): DriverPlan {
  const { profile, program, folder, installation, user, launches } = given;
  const runs = programOf(program, folder);
  const grants = profile.filesystem.read.map((entry) =>
    typeof entry === 'string' ? { path: entry, at: entry } : entry,
  );
  for (const grant of grants) {
    if (!existsSync(grant.path)) throw new Error(`filesystem.read names ${grant.path}, which does not exist`);
  }
  const mounts: readonly Mount[] = [
    ...systemView(),
    ...(program.program.node === undefined ? [] : nodeView(installation)),
    ...grants.flatMap((grant) => reachableOnly(grantedView(grant.path, grant.at, given.hidden), grant, user)),
    { kind: 'read', source: folder, target: INSIDE.driver },
    { kind: 'empty', target: '/tmp', bytes: profile.filesystem.tmp_bytes, mode: '1777' },
  ];
  const { limits } = profile;
  const way = wayFor(mounts, user.uid, user.gid);
  // Without a user namespace of its own RLIMIT_NPROC counts every process of the user, over all its launches.
  const sharedCount = way === 'inner-setpriv';
  return {
    name: given.name,
    programFile: runs.file,
    sandbox: {
      way,
      ...user,
      mounts,
      workdir: INSIDE.driver,
      environment: new Map([['PATH', PATH], ...Object.entries(profile.environment)]),
      limits: {
        openFiles: limits.open_files,
        fileBytes: limits.file_bytes,
        cpuSeconds: limits.cpu_seconds,
        dataBytes: limits.data_bytes,
        addressSpaceBytes: limits.address_space_bytes,
        processes: limits.processes * (sharedCount ? launches : 1),
      },
      program: runs.program,
    },
    wallMs: limits.wall_ms,
    secrets: profile.secrets,
    degraded: [...degradations(), ...(sharedCount ? ['processes'] : [])],
  };
}

/** A cover over what the driver's user cannot reach anyway can be neither made nor missed. */
function reachableOnly(
  view: readonly Mount[],
  grant: { path: string; at: string },
  user: { uid: number; gid: number },
): Mount[] {
  return view.filter((mount) => {
    if (mount.kind !== 'empty') return true;
    const below = mount.target.slice(grant.at === '/' ? 0 : grant.at.length);
    return canReach(join(grant.path, below), user.uid, user.gid);
  });
}

function programOf(program: Program, folder: string): { file: string; program: GateProgram } {
  const { executable, node, arguments: words } = program.program;
  const mode = program.kind === 'command' ? 'command' : 'direct';
  const environmentNames = program.program.environment;
  if (node !== undefined) {
    const argv = [INSIDE.node, `${INSIDE.driver}/${node}`, ...words];
    return { file: join(folder, node), program: { mode, environmentNames, argv } };
  }
  if (executable === undefined)
    throw new Error('the manifest names neither an executable nor a node program');
  const [file, inside] = isAbsolute(executable)
    ? [executable, executable]
    : [join(folder, executable), `${INSIDE.driver}/${executable}`];
  return { file, program: { mode, environmentNames, argv: [inside, ...words] } };
}

/** The broker's own user and sandbox: `--user`, then `broker_user`, then the first of the configured range. */
export function planBroker(settings: Settings, options: Options, installation: Installation): BrokerPlan {
  const self = process.geteuid?.() ?? 0;
  const { first } = settings.identities;
  const user =
    self === 0
      ? (options.user ?? settings.broker_user ?? { uid: first, gid: first })
      : { uid: self, gid: process.getegid?.() ?? self };
  const mounts: readonly Mount[] = [
    ...brokerView(installation),
    { kind: 'empty', target: '/tmp', bytes: BROKER_TMP_BYTES, mode: '1777' },
  ];
  const { connections, launches } = settings.limits;
  return {
    sandbox: {
      way: wayFor(mounts, user.uid, user.gid),
      uid: user.uid,
      gid: user.gid,
      mounts,
      workdir: '/',
      environment: new Map([['PATH', PATH]]),
      limits: { ...BROKER_LIMITS, openFiles: connections + 3 * launches + BROKER_RESERVE },
      program: {
        mode: 'direct',
        environmentNames: [],
        argv: [INSIDE.node, `${INSIDE.broker}/dist/broker/main.js`],
      },
    },
    degraded: degradations(),
  };
}

/** bubblewrap that runs as the target user can bind only what that user can reach. */
function wayFor(mounts: readonly Mount[], uid: number, gid: number): SandboxPlan['way'] {
  const closed = mounts.find((mount) => mount.kind === 'read' && !canReach(mount.source, uid, gid));
  if (closed === undefined || closed.kind !== 'read') return 'user-namespace';
  if (process.geteuid?.() !== 0) throw new Error(`the driver's user cannot reach ${closed.source}`);
  return 'inner-setpriv';
}

function degradations(): readonly string[] {
  // rlimits do not see shared mappings: without memory.max of cgroup v2 memory is not really limited.
  const always = ['memory'];
  return process.geteuid?.() === 0 ? always : [...always, 'one-user', 'supplementary-groups'];
}
