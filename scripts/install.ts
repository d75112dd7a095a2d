/**
 * `node scripts/install.ts [--root DIR]`: lays out a built checkout as an installed driverd below DIR (default /): the
 * program in /usr/lib/driverd, driverctl in /usr/bin, units, users and folders for systemd, and a first configuration,
 * which stays as it is where it is there already. Starts nothing.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from './development-folder.ts';

const PROGRAM = 'usr/lib/driverd';
const CONFIGURATION = 'etc/driverd';
const PARTS = ['package.json', 'dist', 'protocol', 'drivers'];
const UNITS = ['driverd.socket', 'driverd.service', 'driverd-ship.service'];
/** Drop-ins for an admin to copy. */
const DROP_INS = ['driverd.service.d', 'driverd-ship.service.d'];
const DOCUMENTS = ['README.md', 'SECURITY.md', 'docs'];
const DRIVERCTL = '#!/bin/sh\nexec /usr/lib/driverd/node /usr/lib/driverd/dist/driverctl/main.js "$@"\n';

/** Lays everything out below `root`. */
export function install(root: string): void {
  process.umask(0o022);
  const at = (...parts: readonly string[]): string => join(root, ...parts);
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, to, { recursive: true, dereference: true });
  };
  rmSync(at(PROGRAM), { recursive: true, force: true });
  for (const part of PARTS) copy(join(ROOT, part), at(PROGRAM, part));
  for (const folder of runtimePackages()) copy(folder, at(PROGRAM, relative(ROOT, folder)));
  copy(nodeProgram(), at(PROGRAM, 'node'));
  mkdirSync(at('usr/bin'), { recursive: true });
  writeFileSync(at('usr/bin/driverctl'), DRIVERCTL);
  chmodSync(at('usr/bin/driverctl'), 0o755);
  for (const unit of UNITS) copy(join(ROOT, 'systemd', unit), at('usr/lib/systemd/system', unit));
  for (const folder of ['sysusers.d', 'tmpfiles.d'])
    copy(join(ROOT, 'systemd', folder, 'driverd.conf'), at('usr/lib', folder, 'driverd.conf'));
  for (const folder of DROP_INS) copy(join(ROOT, 'systemd', folder), at('usr/share/doc/driverd', folder));
  for (const document of DOCUMENTS) copy(join(ROOT, document), at('usr/share/doc/driverd', document));
  for (const file of ['driverd.yaml', 'policy.d/driverd.cedar'])
    if (!existsSync(at(CONFIGURATION, file))) copy(join(ROOT, CONFIGURATION, file), at(CONFIGURATION, file));
  mkdirSync(at(CONFIGURATION, 'drivers.d'), { recursive: true });
  const made = [at(PROGRAM), at(CONFIGURATION), at('usr/share/doc/driverd')];
  // Whatever umask and owner the checkout has: who else could write there would be refused at the start (invariant 15).
  run('chmod', ['-R', 'u=rwX,go=rX', ...made]);
  if (process.getuid?.() === 0) run('chown', ['-R', 'root:root', ...made]);
}

function run(program: string, words: readonly string[]): void {
  const { status } = spawnSync(program, words, { stdio: 'inherit' });
  if (status !== 0) throw new Error(`Cannot install driverd: ${program} failed`);
}

/** The packages that the programs load, and those that they need: what npm calls dependencies. */
function runtimePackages(): readonly string[] {
  const folders = new Set<string>();
  function add(name: string, from: string): void {
    const folder = findPackage(name, from);
    if (folder === null || folders.has(folder)) return;
    folders.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = readPackage(folder);
    for (const needed of Object.keys({ ...dependencies, ...optionalDependencies })) add(needed, folder);
  }
  for (const name of Object.keys(readPackage(ROOT).dependencies ?? {})) add(name, ROOT);
  return [...folders];
}

/** As Node looks for it; null where an optional one is not of this platform. */
function findPackage(name: string, from: string): string | null {
  const places = createRequire(join(from, 'package.json')).resolve.paths(name) ?? [];
  return (
    places.map((place) => join(place, name)).find((folder) => existsSync(join(folder, 'package.json'))) ??
    null
  );
}

interface PackageJson {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readPackage(folder: string): PackageJson {
  const value: PackageJson = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return value;
}

/** The Node that runs this: it came with npm, pinned, since a host's own may be out of support. */
function nodeProgram(): string {
  return realpathSync(process.execPath);
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { root: { type: 'string', default: '/' } } });
  if (!existsSync(join(ROOT, 'dist/monitor/main.js'))) {
    process.stderr.write('Cannot install driverd: it is not built; run `npm run build`\n');
    process.exitCode = 1;
  } else {
    install(resolve(values.root));
  }
}
