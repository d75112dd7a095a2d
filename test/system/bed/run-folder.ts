import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { lockFile } from '../../../src/posix/lock.ts';
import { type Base, baseIn, baseName, makeBase } from './base.ts';
import { removeCgroups } from './container-cgroups.ts';

const CACHE = '/var/cache/driverd-test-bed';
const LOCK_EVERY_MS = 200;

/** A folder that lives as long as one run, beside the base that all runs share. */
export interface RunFolder {
  readonly path: string;
  /** No other run has it. */
  readonly name: string;
  readonly base: Base;
  remove(): Promise<void>;
}

/** Makes the base where it is missing, removes what dead runs left, and opens a folder for this one. */
export async function openRunFolder(): Promise<RunFolder> {
  const cache = process.env['DRIVERD_BED_CACHE'] ?? CACHE;
  const runs = join(cache, 'runs');
  mkdirSync(runs, { recursive: true });
  // Held meanwhile, so that nobody takes a folder for a dead run's that is not locked yet, or makes the base too.
  const cacheLock = await waitForLock(join(cache, 'lock'));
  try {
    for (const name of readdirSync(runs)) await removeIfDead(join(runs, name), name);
    const base = join(cache, baseName());
    if (!existsSync(base)) {
      console.error(`making ${base}, once: this takes a minute or two`);
      await makeBase(base);
    }
    const name = `${process.pid}-${randomBytes(4).toString('hex')}`;
    const path = join(runs, name);
    mkdirSync(path);
    const lock = openSync(lockOf(path), 'w');
    lockFile(lock);
    const remove = async (): Promise<void> => {
      await removeRun(path, name);
      closeSync(lock);
    };
    return { path, name, base: baseIn(base), remove };
  } finally {
    closeSync(cacheLock);
  }
}

/** The kernel lets go of a lock with the process that held it. */
async function removeIfDead(path: string, name: string): Promise<void> {
  const lock = openSync(lockOf(path), 'a');
  try {
    if (lockFile(lock)) await removeRun(path, name);
  } finally {
    closeSync(lock);
  }
}

async function removeRun(path: string, name: string): Promise<void> {
  await removeCgroups(name);
  rmSync(path, { recursive: true, force: true });
}

function lockOf(path: string): string {
  return join(path, 'lock');
}

async function waitForLock(path: string): Promise<number> {
  const descriptor = openSync(path, 'a');
  while (!lockFile(descriptor)) await setTimeout(LOCK_EVERY_MS);
  return descriptor;
}
