import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from '../build.ts';
import {
  benchParts,
  type HostPart,
  hostParts,
  installCommand,
  missingParts,
  packageManager,
  userNamespacesWork,
} from './host-parts.ts';

const contenders = fileURLToPath(new URL('../../bench/contenders', import.meta.url));

/**
 * Brings this host to where the demo, the tests and the daemon run: installs the distribution's packages that are
 * missing (only root can, and only apt is driven by itself), then compiles the programs.
 *
 * @param forBench also installs what `npm run bench` measures beside driverd
 * @returns the exit status: 0 where everything is there
 */
export function setUp(forBench = false): number {
  const parts = [...hostParts, ...(forBench ? benchParts : [])];
  const missing = missingParts(parts);
  if (missing.length === 0) console.log('Packages: all there, nothing to install.');
  else if (!install(parts, missing)) return 1;
  if (forBench && !installContenders()) return 1;
  if (!userNamespacesWork()) printNoteOnUserNamespaces();
  return compile();
}

function install(parts: readonly HostPart[], missing: readonly HostPart[]): boolean {
  console.log(`Missing on this host: ${missing.map(({ name }) => name).join(', ')}.`);
  const manager = packageManager(
    existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '',
  );
  if (manager === null) {
    console.error('Cannot install them: this distribution is not known here. Install them by its own means.');
    return false;
  }
  if (manager !== 'apt' || process.getuid?.() !== 0) {
    console.error(`Run this, then \`npm run setup\` again:\n\n  ${installCommand(manager, missing)}\n`);
    return false;
  }
  const packages = missing.map((part) => part.packages.apt);
  console.log(`Installing with apt-get, after refreshing the package lists: ${packages.join(' ')}.`);
  if (!aptGet(['update']) || !aptGet(['install', '-y', '--no-install-recommends', ...packages])) {
    console.error('Cannot install them: apt-get failed, see above.');
    return false;
  }
  const stillMissing = missingParts(parts);
  for (const { name } of stillMissing)
    console.error(`Cannot find ${name}, although its package is installed.`);
  return stillMissing.length === 0;
}

/** Servers of others, pinned by the lock file beside them; none runs a script when it is installed. */
function installContenders(): boolean {
  const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefix', contenders];
  const { status } = spawnSync('npm', words, { stdio: 'inherit' });
  if (status !== 0)
    console.error('Cannot install the servers to measure beside driverd: npm failed, see above.');
  return status === 0;
}

function aptGet(words: readonly string[]): boolean {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return (
    spawnSync('apt-get', words, { stdio: ['ignore', 'inherit', 'inherit'], env: environment }).status === 0
  );
}

function compile(): number {
  const { built, messages } = build();
  process.stdout.write(messages);
  console.log(built ? 'Programs: compiled into dist.' : 'Cannot compile the programs: see above.');
  return built ? 0 : 1;
}

function printNoteOnUserNamespaces(): void {
  const consequence =
    process.getuid?.() === 0
      ? 'As root driverd works without them, in another way of starting drivers.'
      : 'As an ordinary user driverd needs them: an administrator can allow them, or run it as root.';
  console.log(
    `Note: this user cannot make user namespaces here. ${consequence} Settings that forbid them: ` +
      'user.max_user_namespaces=0, kernel.unprivileged_userns_clone=0, kernel.apparmor_restrict_unprivileged_userns=1.',
  );
}
