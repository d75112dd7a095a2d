import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testRootFolder } from '../../support/root-folder.ts';
import { finish } from './process.ts';

/** Where the tests of containers find the root folder that they would otherwise make (DRIVERD_ROOT_CACHE). */
export const ROOT_FOLDERS = '/srv/driverd-root-folders';
const CHECKOUT = fileURLToPath(new URL('../../../', import.meta.url));

/** Jobs of a real host's that would only take time from the tests. */
const MASKED = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'fstrim.timer'],
  ...['e2scrub_all.timer', 'e2scrub_reap.service', 'systemd-pstore.service'],
];

/**
 * Lays out what lies over the base: `layer` has an installed driverd and what makes the root a bed, `project` the whole
 * built checkout. All of it is root's and can be read by everyone, whatever the checkout's own owner and modes.
 */
export async function layOut(folder: string): Promise<void> {
  const log = join(folder, 'lay-out.log');
  const layer = join(folder, 'layer');
  const project = join(folder, 'project');
  mkdirSync(join(layer, 'srv/bed'), { recursive: true });
  mkdirSync(join(layer, 'srv/driverd'));
  mkdirSync(project);
  const files = fileURLToPath(new URL('root', import.meta.url));
  const copy = ['cp', '--archive', '--reflink=auto'];
  await finish([...copy, `${files}/.`, layer], log);
  writeFileSync(join(layer, 'etc/hostname'), 'bed\n');
  // Empty: each boot is another machine (machine-id(5)).
  writeFileSync(join(layer, 'etc/machine-id'), '');
  for (const unit of MASKED) symlinkSync('/dev/null', join(layer, 'etc/systemd/system', unit));
  await giveToRoot(layer, log);
  await finish([process.execPath, join(CHECKOUT, 'scripts/install.ts'), '--root', layer], log);
  await finish(['systemctl', `--root=${layer}`, 'enable', 'driverd.socket'], log);

  // Last in the layer: its files keep their modes.
  mkdirSync(join(layer, ROOT_FOLDERS), { recursive: true });
  await finish([...copy, testRootFolder(), join(layer, ROOT_FOLDERS)], log);

  const parts = [...sourceFiles(), 'dist', 'node_modules'];
  const inCheckout = ['env', `--chdir=${CHECKOUT}`];
  await finish([...inCheckout, ...copy, '--parents', `--target-directory=${project}`, '--', ...parts], log);
  await giveToRoot(project, log);
}

async function giveToRoot(folder: string, log: string): Promise<void> {
  await finish(['chown', '--recursive', '--no-dereference', '0:0', folder], log);
  await finish(['chmod', '--recursive', 'u+rwX,go+rX,go-w', folder], log);
}

/** What git has or would take: a new test runs in a bed before it is added. */
function sourceFiles(): readonly string[] {
  const { status, stdout, stderr } = spawnSync(
    'git',
    // Another user's checkout is refused otherwise (git-config(1), safe.directory).
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    { cwd: CHECKOUT, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`Cannot make a test bed: git does not list the checkout: ${stderr}`);
  return stdout.split('\0').filter((path) => path !== '' && existsSync(join(CHECKOUT, path)));
}
