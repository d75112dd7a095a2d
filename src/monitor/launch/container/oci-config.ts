import { statSync } from 'node:fs';
import type { SeccompFilter } from '../../../posix/seccomp.ts';
import { gateArguments } from '../gate.ts';
import { COVER_MODE, type Mount, namespacesOf, type SandboxPlan } from '../sandbox.ts';
import { firstProgram } from './first-program.ts';
import { ociSeccomp } from './oci-seccomp.ts';

/** As `runc spec` has them. */
const MASKED_PATHS: readonly string[] = [
  ...['/proc/acpi', '/proc/asound', '/proc/kcore', '/proc/keys', '/proc/latency_stats', '/proc/timer_list'],
  ...['/proc/timer_stats', '/proc/sched_debug', '/sys/firmware', '/proc/scsi'],
];
const READ_ONLY_PATHS: readonly string[] = [
  ...['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
];
/** What lies below a bound folder is held as the folder is (mount_setattr(2), Linux 5.12), as bubblewrap does it. */
const BOUND: readonly string[] = ['rbind', 'nosuid', 'nodev', 'rnosuid', 'rnodev'];
const NO_CAPABILITIES = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };

/** A file of the launch's own, bound read-only. */
export interface BoundFile {
  readonly source: string;
  readonly target: string;
}

interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** What a configuration names beside the plan. */
export interface BundlePlaces {
  /** The folder of mount points that is the container's `/`. */
  readonly rootFolder: string;
  readonly files: readonly BoundFile[];
  /** OCI runtime specification, config-linux.md, Cgroups Path. */
  readonly cgroupsPath: string;
}

/**
 * A container's config.json (OCI runtime specification 1.0.2) for a plan. Pure but for the numbers of granted devices. It
 * names no resource but devices: limits are the gate's and the launch's cgroup's, as in a sandbox.
 */
export function ociConfig(plan: SandboxPlan, filter: SeccompFilter, places: BundlePlaces): object {
  const { uid, gid, groups, environment, workdir } = plan;
  return {
    ociVersion: '1.0.2',
    root: { path: places.rootFolder, readonly: true },
    process: {
      terminal: false,
      user: { uid, gid, additionalGids: groups },
      args: firstProgram(
        gateArguments(plan.limits, plan.program, plan.secretVariables),
        environment.has('HOME'),
      ),
      // PWD, as bubblewrap sets it.
      env: [...environment, ['PWD', workdir]].map(([name, value]) => `${name}=${value}`),
      cwd: workdir,
      capabilities: NO_CAPABILITIES,
      noNewPrivileges: true,
    },
    mounts: [
      ...mountsOf(plan, places.rootFolder),
      ...places.files.map(({ source, target }) => bind(source, target, [...BOUND, 'ro', 'rro'])),
      { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
    ],
    linux: {
      cgroupsPath: places.cgroupsPath,
      namespaces: namespacesOf(plan).map((name) => ({ type: name === 'net' ? 'network' : name })),
      resources: { devices: [{ allow: false, access: 'rwm' }, ...grantedDevices(plan.mounts)] },
      seccomp: ociSeccomp(filter),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READ_ONLY_PATHS,
    },
  };
}

/**
 * The mounts of a plan, in its order. /dev is bound, and before its devices: runc makes a dozen devices and links in one
 * that is not.
 */
function mountsOf(plan: SandboxPlan, rootFolder: string): readonly OciMount[] {
  const dev = bind(`${rootFolder}/dev`, '/dev', ['rbind', 'nosuid', 'noexec', 'ro']);
  return [dev, ...plan.mounts.flatMap((mount) => oneMount(mount, plan) ?? [])];
}

function oneMount(mount: Mount, { uid, gid }: SandboxPlan): OciMount | null {
  switch (mount.kind) {
    case 'read':
      return bind(mount.source, mount.target, [...BOUND, 'ro', 'rro']);
    case 'write':
      return bind(mount.source, mount.target, BOUND);
    case 'device':
      return bind(mount.source, mount.target, ['bind', 'nosuid', 'noexec']);
    case 'empty': {
      // The driver's own, unless it is a cover: where it has the place of a folder it gets that folder's mode.
      const owner = mount.mode === COVER_MODE ? [] : [`uid=${uid}`, `gid=${gid}`];
      const options = ['nosuid', 'nodev', `mode=${mount.mode}`, `size=${mount.bytes}`, ...owner];
      return { destination: mount.target, type: 'tmpfs', source: 'tmpfs', options };
    }
    // Links stand in the root folder; copies are among the launch's own files.
    case 'link':
    case 'copy':
      return null;
  }
}

function bind(source: string, destination: string, options: readonly string[]): OciMount {
  return { destination, type: 'bind', source, options };
}

/** runc itself allows null, zero, full, random, urandom, tty and ptmx. */
function grantedDevices(mounts: readonly Mount[]): readonly object[] {
  return mounts.flatMap((mount) => {
    if (mount.kind !== 'device') return [];
    const stats = statSync(mount.source);
    const [major, minor] = deviceNumber(BigInt(stats.rdev));
    return [{ allow: true, type: stats.isBlockDevice() ? 'b' : 'c', major, minor, access: 'rw' }];
  });
}

/** gnu_dev_major and gnu_dev_minor of sys/sysmacros.h. */
function deviceNumber(number: bigint): readonly [major: number, minor: number] {
  const major = ((number >> 8n) & 0xfffn) | ((number >> 32n) & 0xffff_f000n);
  const minor = (number & 0xffn) | ((number >> 12n) & 0xffff_ff00n);
  return [Number(major), Number(minor)];
}
