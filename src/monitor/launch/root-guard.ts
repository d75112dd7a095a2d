import { readFileSync } from 'node:fs';
import type { SandboxPlan } from './sandbox.ts';

export const UNSHARE = '/usr/bin/unshare';
/**
 * Becomes the program behind `--` in a mount namespace in which the device files before it are read-only; what is bound
 * from them later stays so (mount(2)). A device is written all the same: that changes nothing of its file.
 */
const SCRIPT = `
echo "$1" >/proc/self/oom_score_adj || exit 126
shift
while [ "$1" != -- ]; do
  /bin/mount -n -o bind,ro "$1" "$1" || exit 126
  shift
done
shift
exec "$@"
`;

/**
 * Whether a process could use root's files as their owner does: root without any capability, and whoever has one, since
 * several give the same. Without a user namespace that root is the host's. The owner may change the mode of /dev/null for
 * the whole host, of most files in /proc too, and write kernel settings: bubblewrap covers /proc/sys only where access(2)
 * calls the folder writable, which it is not for root either.
 */
export function ownsHostFiles({ uid, capabilities }: Pick<SandboxPlan, 'uid' | 'capabilities'>): boolean {
  return uid === 0 || capabilities.length > 0;
}

const devicesOf = (plan: SandboxPlan, end: 'source' | 'target'): readonly string[] =>
  plan.mounts.flatMap((mount) => (mount.kind === 'device' ? [mount[end]] : []));

/** The words before bubblewrap's: nothing where the plan needs no guard. */
export function guardWords(plan: SandboxPlan): readonly string[] {
  if (!ownsHostFiles(plan)) return [];
  // The gate cannot set it where /proc is read-only.
  const script = [SCRIPT, 'guard', String(plan.limits.oomScore), ...devicesOf(plan, 'source'), '--'];
  return [UNSHARE, '--mount', '--propagation', 'slave', '--', '/bin/sh', '-c', ...script];
}

/** bubblewrap's arguments for /proc. */
export function procArguments(plan: SandboxPlan): readonly string[] {
  if (!ownsHostFiles(plan)) return ['--proc', '/proc'];
  // A bound file is without its device (MS_NODEV), so /dev/null in its place cannot even be opened.
  const covers = plan.coveredProcFiles.flatMap((path) => ['--ro-bind', '/dev/null', path]);
  return ['--proc', '/proc', ...covers, '--remount-ro', '/proc'];
}

/**
 * What a process finds writable that should be guarded, as the kernel says: some versions of mount(8) bind a file and only
 * warn that it is not read-only.
 */
export function unguarded(plan: SandboxPlan, pid: number): readonly string[] {
  if (!ownsHostFiles(plan)) return [];
  const lines = readFileSync(`/proc/${pid}/mountinfo`, 'latin1').split('\n');
  // proc_pid_mountinfo(5): the fifth field is the mount point, the sixth its options. A later one lies over an earlier one.
  const options = new Map(lines.map((line) => line.split(' ')).map((fields) => [fields[4], fields[5]]));
  const isReadOnly = (path: string): boolean => options.get(path)?.split(',').includes('ro') === true;
  return ['/proc', ...plan.coveredProcFiles, ...devicesOf(plan, 'target')].filter(
    (path) => !isReadOnly(path),
  );
}
