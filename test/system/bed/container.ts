import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { containerCgroups } from './container-cgroups.ts';
import { endingWithUsWhole, start } from './process.ts';
import type { RunFolder } from './run-folder.ts';
import type { BootingBed } from './wait-for-boot.ts';
import { withRoot } from './with-root.ts';

/**
 * Starts systemd in a container: the host's kernel, everything else its own.
 *
 * A network of its own, with nothing but lo, gives it CAP_NET_ADMIN in there: without that bubblewrap cannot make a
 * network namespace where it makes no user namespace. All capabilities and system calls, and a /tmp that honours set-uid bits,
 * since what nspawn leaves out by itself is what root of a host has: an attack that fails for the lack of it would prove
 * nothing of driverd.
 */
export function startContainer(run: RunFolder): BootingBed {
  const sockets = join(run.path, 'agent');
  mkdirSync(sockets);
  const program = fileURLToPath(new URL('container.sh', import.meta.url));
  const nspawn = [
    ...['systemd-nspawn', '--quiet', '--boot', '--directory=mount/root', '--register=no', '--keep-unit'],
    ...['--private-network', '--capability=all', '--system-call-filter=@known'],
    ...['--hostname=bed', '--link-journal=no', '--console=pipe'],
    ...[`--bind=${sockets}:/srv/bed`, 'systemd.wants=qemu-guest-agent.service'],
  ];
  const inCgroups = ['sh', program, ...containerCgroups(run.name), '--', ...nspawn];
  const running = start(
    [...endingWithUsWhole, ...withRoot(run, inCgroups)],
    join(run.path, 'container.log'),
    // The hierarchy is Debian's own on a host, whatever this host has.
    { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', SYSTEMD_NSPAWN_TMPFS_TMP: '0' },
  );
  return { kind: 'nspawn', socket: join(sockets, 'agent.sock'), running };
}
