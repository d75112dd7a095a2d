// Compiles src into dist: `node scripts/build.ts`; with --if-needed only where src is newer. Made in a folder beside it and renamed into place, so that a file
// whose source is gone does not live on in dist, and a daemon that runs from dist misses its files for a moment only.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
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

const root = fileURLToPath(new URL('../', import.meta.url));
const dist = join(root, 'dist');
const stamp = join(dist, '.built');

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
  return !existsSync(stamp) || newestChange() > statSync(stamp).mtimeMs;
}

/**
 * Replaces dist by what the compiler makes of src.
 *
 * @param acceptWrongTypes takes the programs although their types are wrong, which is for tests of work in progress
 */
export function build(acceptWrongTypes = false): BuildResult {
  const started = new Date();
  const fresh = `${dist}.${process.pid}`;
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const compiled = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', '--outDir', fresh], {
    cwd: root,
    encoding: 'utf8',
  });
  const messages = `${compiled.stdout}${compiled.stderr}`;
  rmSync(dist, { recursive: true, force: true });
  if (compiled.status !== 0 && !(acceptWrongTypes && existsSync(fresh))) {
    rmSync(fresh, { recursive: true, force: true });
    return { built: false, messages };
  }
  for (const program of PROGRAMS.map((path) => join(fresh, path)).filter(existsSync))
    chmodSync(program, 0o755);
  renameSync(fresh, dist);
  writeFileSync(stamp, '');
  utimesSync(stamp, started, started);
  return { built: true, messages };
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
