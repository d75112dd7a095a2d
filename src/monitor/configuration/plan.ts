import { isAbsolute, join } from 'node:path';
import { isSyscall } from '../../posix/seccomp.ts';
import { asksOf, type Grants, grantsOf, notedGrants, widerThan } from '../../shared/configuration/grants.ts';
import { nearestWord } from '../../shared/configuration/nearest-word.ts';
import type { Profile, Program } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import type { TrustedWriters } from '../../shared/safe-file.ts';
import type { Installation } from '../installation.ts';
import type { Controller } from '../launch/cgroup-tree.ts';
import type { CgroupLimits } from '../launch/cgroups.ts';
import { FIRST_FREE_IN_CONTAINER } from '../launch/container/first-program.ts';
import { type FilterGrants, NAMED_SYSCALLS } from '../launch/filter.ts';
import { FIRST_FREE_DESCRIPTOR, type GateProgram } from '../launch/gate.ts';
import { ownsHostFiles } from '../launch/root-guard.ts';
import type { Mount, SandboxPlan } from '../launch/sandbox.ts';
import type { DriverDigest } from './driver-digest.ts';
import type { DriverUser } from './driver-user.ts';
import { grantedCapabilities } from './granted-capabilities.ts';
import { grantedMounts } from './granted-mounts.ts';
import type { LaunchHost } from './launch-host.ts';
import { launcherFor } from './launcher.ts';
import { type PoolPlan, planPool } from './pool-plan.ts';
import { canReach } from './reach.ts';
import { missingMountPoint, resolveInRoot, rootFolderOf, rootView } from './root-folder.ts';
import { deviceView, INSIDE, networkView, nodeView, rootOnlyProcFiles, systemView } from './views.ts';
import { degradations, userChangeFor, wayFor, whyNoRootFolder } from './way.ts';

export type SecretSource = Profile['secrets'][number];

/** What the monitor needs to start one profile's driver, which is what it was when it was loaded. */
export type DriverPlan = PlannedDriver & DriverDigest;

export interface PlannedDriver {
  readonly name: string;
  /** The driver's own name. */
  readonly driver: string;
  readonly sandbox: SandboxPlan;
  readonly filter: FilterGrants;
  readonly cgroup: CgroupLimits;
  /** The folder whose files it sees instead of this host's system, or null. */
  readonly root: string | null;
  /** Why its launcher is not the one that its profile names; null: it is. */
  readonly fallback: string | null;
  /** The program as this host names it; the sandbox has it under another name. */
  readonly programFile: string;
  /** Why an admin lets it run as root; null: it does not. */
  readonly acceptRoot: string | null;
  /** Milliseconds from "go". */
  readonly wallMs: number;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly secrets: readonly SecretSource[];
  readonly grants: Grants;
  /** What the manifest asks for and the profile does not grant, as words. */
  readonly asksMore: readonly string[];
  /** What records say of the params of its calls. */
  readonly paramsOnRecord: Profile['params'];
  /** What is started before its calls; null: each call starts its own. */
  readonly pool: PoolPlan | null;
  /** What this host cannot hold as a profile would have it; stated, never silent (invariant 8). */
  readonly degraded: readonly string[];
}

const PATH = '/usr/bin:/bin';
/** The launcher itself and its first process inside, which a cgroup's pids.max counts too. */
const BUBBLEWRAP_PROCESSES = 2;
/** Its first process; runc itself stays outside. */
const RUNC_PROCESSES = 1;
/** When memory runs out, a driver goes before the daemon. */
const DRIVER_OOM_SCORE = 500;

/**
 * What a profile grants, as this host can give it; where it cannot, it is refused (invariant 8).
 * @throws ConfigurationError with file, line and reason, or Error
 */
export function planDriver(given: {
  readonly name: string;
  readonly read: ReadFile<Profile>;
  readonly program: Program;
  readonly folder: string;
  readonly hidden: readonly string[];
  /** Folders of drivers. */
  readonly driverPaths: readonly string[];
  readonly installation: Installation;
  readonly trusted: TrustedWriters;
  readonly user: DriverUser;
  readonly host: LaunchHost;
  /** Most launches alive at once. */
  readonly launches: number;
  /** What the cgroups of launches can limit here. */
  readonly controllers: ReadonlySet<Controller>;
}): PlannedDriver {
  const { read, program, folder, installation, user, host, controllers } = given;
  const profile = read.value;
  refuseWhatIsNotHere(read, program, controllers);
  const launcher = launcherFor(read, host);
  const isContainer = launcher.kind === 'container';
  const root = rootFolderOf(read, given.trusted, given.hidden);
  const runs = programOf(program, folder, root);
  const { limits } = profile;
  const capabilities = grantedCapabilities(read, host);
  const likeRoot = ownsHostFiles({ ...user, capabilities });
  const guarded = {
    hidden: given.hidden,
    programs: [folder, ...given.driverPaths, installation.root, installation.node],
  };
  // Where permissions hold it back, what it cannot reach anyway can be neither covered nor missed.
  const granted = grantedMounts(read, (folder) => likeRoot || canReach(folder, user), guarded);
  const mounts: readonly Mount[] = [
    { kind: 'empty', target: '/tmp', bytes: limits.scratch_bytes, mode: '1777' },
    ...(root === null ? granted : [...rootView(root), ...granted]),
    // After what is granted, so that nothing granted can take their place.
    ...(root === null ? systemView() : deviceView()),
    ...(root !== null || profile.network === 'none' ? [] : networkView()),
    ...(program.program.node === undefined ? [] : nodeView(installation)),
    { kind: 'read', source: folder, target: INSIDE.driver },
  ];
  const wanted = { ...user, mounts, capabilities, network: profile.network };
  if (root !== null) {
    const why = missingMountPoint(root, mounts) ?? (isContainer ? null : whyNoRootFolder(wanted, host));
    if (why !== null) throw read.fail(['root'], why);
  }
  const way = isContainer ? 'runc' : wayFor(wanted, host);
  const ownProcesses = isContainer ? RUNC_PROCESSES : BUBBLEWRAP_PROCESSES;
  const cgroup = cgroupLimits(limits, controllers, ownProcesses);
  // Where a cgroup counts them, its limit is the one that is met first: RLIMIT_NPROC counts a process when its fork begins,
  // pids.max when it succeeds, and all of them may be forking at once.
  const processes = cgroup.processes === null ? limits.processes : 2 * cgroup.processes;
  return {
    name: given.name,
    root,
    fallback: launcher.fallback,
    driver: program.name,
    programFile: runs.file,
    sandbox: {
      way,
      userChange: userChangeFor(way, wanted, host),
      ...user,
      mounts,
      capabilities,
      coveredProcFiles: likeRoot ? rootOnlyProcFiles() : [],
      network: profile.network,
      workdir: profile.workdir,
      environment: new Map([
        ['PATH', PATH],
        ...Object.entries(profile.environment),
        ...descriptorVariables(
          profile.secrets,
          isContainer ? FIRST_FREE_IN_CONTAINER : FIRST_FREE_DESCRIPTOR,
        ),
      ]),
      secretVariables: profile.secrets.flatMap(({ as, variable }) =>
        as === 'environment' && variable !== undefined ? [variable] : [],
      ),
      limits: {
        openFiles: limits.open_files,
        fileBytes: limits.file_bytes,
        cpuSeconds: limits.cpu_seconds,
        dataBytes: limits.data_bytes,
        addressSpaceBytes: limits.address_space_bytes,
        oomScore: DRIVER_OOM_SCORE,
        processes: processes * (way === 'user-namespace' ? 1 : given.launches),
      },
      program: runs.program,
    },
    filter: { ...profile.syscalls, network: profile.network },
    cgroup,
    acceptRoot: profile.accept_root ?? null,
    wallMs: limits.wall_ms,
    graceMs: limits.term_grace_ms,
    secrets: profile.secrets,
    grants: notedGrants(profile),
    asksMore: widerThan(asksOf(program.asks), grantsOf(profile)),
    paramsOnRecord: profile.params,
    pool: planPool(read, program, folder),
    degraded: degradations(way, cgroup),
  };
}

function cgroupLimits(
  limits: Profile['limits'],
  controllers: ReadonlySet<Controller>,
  ownProcesses: number,
): CgroupLimits {
  return {
    memoryBytes: controllers.has('memory') ? limits.memory_bytes : null,
    processes: controllers.has('pids') ? limits.processes + ownProcesses : null,
    cpuPercent: limits.cpu_percent,
  };
}

/** Where a driver finds the secrets that it gets as open descriptors, in their order. */
function descriptorVariables(secrets: readonly SecretSource[], first: number): [string, string][] {
  const passed = secrets.filter(({ as }) => as === 'descriptor');
  return passed.map(({ variable = '' }, index) => [variable, String(first + index)]);
}

function refuseWhatIsNotHere(
  { value, fail }: ReadFile<Profile>,
  program: Program,
  controllers: ReadonlySet<Controller>,
): void {
  if (value.require.includes('memory') && !controllers.has('memory'))
    throw fail(['require'], 'memory: this host has no cgroup v2 that driverd could set memory.max in');
  if (value.limits.cpu_percent !== null && !controllers.has('cpu'))
    throw fail(['limits', 'cpu_percent'], 'this host has no cgroup v2 that driverd could set cpu.max in');
  for (const [index, name] of value.syscalls.allow.entries()) {
    if (isSyscall(name)) continue;
    const nearest = nearestWord(name, NAMED_SYSCALLS);
    const hint = nearest === null ? '' : `; did you mean ${nearest}?`;
    throw fail(['syscalls', 'allow', String(index)], `there is no system call ${name}${hint}`);
  }
  for (const [index, { credential }] of value.secrets.entries()) {
    if (credential === undefined || process.env['CREDENTIALS_DIRECTORY'] !== undefined) continue;
    throw fail(
      ['secrets', String(index), 'credential'],
      'driverd was given no credentials: its unit needs LoadCredential=',
    );
  }
  if (value.on_output_limit === 'truncate' && program.kind !== 'command')
    throw fail(['on_output_limit'], 'truncate is for command drivers: a cut JSON-RPC answer is none');
}

function programOf(
  program: Program,
  folder: string,
  root: string | null,
): { file: string; program: GateProgram } {
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
    ? [root === null ? executable : resolveInRoot(root, executable), executable]
    : [join(folder, executable), `${INSIDE.driver}/${executable}`];
  if (file === null) throw new Error(`its root ${root} has no ${inside}`);
  return { file, program: { mode, environmentNames, argv: [inside, ...words] } };
}
