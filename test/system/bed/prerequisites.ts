import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** The programs that the beds are made with, or that their tests start, each with the apt packages that bring it. */
const programs: Readonly<Record<string, string>> = {
  debootstrap: 'debootstrap',
  'systemd-nspawn': 'systemd-container',
  'qemu-system-x86_64': 'qemu-system-x86',
  mke2fs: 'e2fsprogs',
  debugfs: 'e2fsprogs',
  setpriv: 'util-linux',
  unshare: 'util-linux',
  git: 'git',
  rsyslogd: 'rsyslog rsyslog-gnutls',
  openssl: 'openssl',
};

/**
 * Whether this host can have beds.
 *
 * @throws Error that says in one sentence what it lacks: a test is never skipped for that
 */
export function checkPrerequisites(): void {
  if (process.getuid?.() !== 0) throw new Error('Cannot make a test bed: this needs root');
  if (process.arch !== 'x64')
    throw new Error(`Cannot make a test bed: this needs an x64 processor, and here is ${process.arch}`);
  const missing = Object.keys(programs).filter((program) => !isOnPath(program));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => programs[program]))];
  throw new Error(
    `Cannot make a test bed: this host has no ${missing.join(', ')}; ` +
      `run \`apt-get install --no-install-recommends ${packages.join(' ')}\``,
  );
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(':').filter(Boolean), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

// First in `npm run test:system`, so that the answer is one sentence and not vitest's account of an error.
if (import.meta.main) {
  try {
    checkPrerequisites();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
