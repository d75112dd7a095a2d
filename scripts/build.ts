// Compiles src into dist: `node scripts/build.ts`; with --if-needed only where src is newer. The files are made in a
// folder of their own, which then takes the place of dist: so a file whose source is gone does not live on, and a daemon
// that runs from dist misses its files for a moment only.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePrograms } from './bundle-programs.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const STAMP = '.built';
const MAX_ATTEMPTS = 5;

const SOURCES = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package.json'];
const PROGRAMS = ['monitor/main.js', 'driverctl/main.js'];

/** What a build came to. */
export interface BuildResult {
  /** Whether dist holds what src says. */
  readonly built: boolean;
  /** What the compiler printed; empty where it had nothing to say. */
  readonly messages: string;
}

/** Whether anything that dist is made of is newer than dist. */
export function distIsStale(): boolean {
  const stamp = join(dist, STAMP);
  return !existsSync(stamp) || newestChange() > statSync(stamp).mtimeMs;
}

/**
 * Replaces dist by what the compiler makes of src.
 *
 * @param acceptWrongTypes takes the programs although their types are wrong, which is for tests of work in progress;
 *   dist stays stale then
 */
export function build(acceptWrongTypes = false): BuildResult {
  const started = new Date();
  const fresh = join(root, `node_modules/.dist-${process.pid}`);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh], {
    cwd: root,
    encoding: 'utf8',
  });
  const messages = `${compiled.stdout}${compiled.stderr}`;
  const typesAreRight = compiled.status === 0;
  if (!typesAreRight && !(acceptWrongTypes && existsSync(fresh))) {
    rmSync(fresh, { recursive: true, force: true });
    rmSync(dist, { recursive: true, force: true });
    return { built: false, messages };
  }
  copyGeneratedScripts(fresh);
  try {
    bundlePrograms(fresh);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    return { built: false, messages: `${messages}${error instanceof Error ? error.message : error}\n` };
  }
  for (const program of PROGRAMS.map((path) => join(fresh, path)).filter(existsSync))
    chmodSync(program, 0o755);
  if (typesAreRight) {
    const mark = join(fresh, STAMP);
    writeFileSync(mark, '');
    utimesSync(mark, started, started);
  }
  replaceDist(fresh);
  return { built: true, messages };
}

/** The compiler takes a generated script's types from the .d.ts beside it, and leaves the script itself where it is. */
function copyGeneratedScripts(fresh: string): void {
  const names = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  for (const name of names.filter((path) => path.endsWith('.generated.js'))) {
    copyFileSync(join(root, 'src', name), join(fresh, name));
  }
}

/** rename(2) replaces an empty folder only; another build may put its own there in between. */
function replaceDist(fresh: string): void {
  for (let attempt = 1; ; attempt += 1) {
    rmSync(dist, { recursive: true, force: true, maxRetries: MAX_ATTEMPTS });
    try {
      renameSync(fresh, dist);
      return;
    } catch (error) {
      const inTheWay = error instanceof Error && 'code' in error && error.code === 'ENOTEMPTY';
      if (!inTheWay || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

function newestChange(): number {
  let newest = 0;
  for (const source of SOURCES) newest = Math.max(newest, newestBelow(join(root, source)));
  return newest;
}

/** A folder's own time counts too: it changes when a file in it is removed or renamed. */
function newestBelow(path: string): number {
  const status = statSync(path);
  if (!status.isDirectory()) return status.mtimeMs;
  return Math.max(status.mtimeMs, ...readdirSync(path).map((name) => newestBelow(join(path, name))));
}

if (import.meta.main && !(process.argv.includes('--if-needed') && !distIsStale())) {
  const { built, messages } = build();
  process.stdout.write(messages);
  if (!built) process.exitCode = 1;
}
