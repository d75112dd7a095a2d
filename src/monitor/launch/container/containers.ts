import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { DataFile, SandboxPlan } from '../sandbox.ts';
import { type Bundle, makeBundle, removeBundle } from './bundle.ts';
import { removeLeftCgroups } from './left-cgroups.ts';
import { findRunc } from './runtime.ts';

const FOLDER = 'containers';
const BUNDLES = 'bundles';
/** Longest run of `runc delete --force`, which itself waits 10 s for a killed process, in milliseconds. */
const DELETE_WITHIN_MS = 20_000;
/** Wait before a container that could not be deleted is tried again, in milliseconds. */
const DELETE_AGAIN_MS = 1_000;

/** One container, from its folder to its end; runc knows it by its name. */
export interface Container {
  readonly name: string;
  readonly bundle: Bundle;
  /** runc's words before its command. */
  readonly runc: readonly [program: string, ...words: string[]];
  /**
   * Settles when runc knows nothing of it any more and its folder is gone. Tries again for as long as it takes.
   * @param wasKilled whether runc was, so that it may have left what it did not note
   */
  remove(wasKilled: boolean): Promise<void>;
}

/** The containers of this daemon, in a folder of its state. */
export interface Containers {
  /** @throws Error where runc is gone, or its folder cannot be made. */
  create(plan: SandboxPlan, files: readonly DataFile[]): Container;
}

/**
 * Deletes what an earlier daemon left: by name, runc kills what is in a container and removes its cgroup.
 * @param failed told what could not be deleted, or not yet; the next start tries again
 */
export function openContainers(stateFolder: string, failed: (why: string) => void): Containers {
  const bundles = join(stateFolder, FOLDER, BUNDLES);
  mkdirSync(bundles, { recursive: true, mode: 0o700 });
  const root = join(stateFolder, FOLDER, 'runc');
  const runcWords = (runc: string): Container['runc'] => [runc, '--root', root];
  sweep();

  function sweep(): void {
    for (const name of readdirSync(bundles)) {
      try {
        const runc = existsSync(join(root, name)) ? findRunc() : null;
        if (runc !== null) {
          const [program, ...words] = runcWords(runc);
          const { status } = spawnSync(program, [...words, 'delete', '--force', name], {
            ...{ env: Object.create(null), cwd: '/', stdio: 'ignore', timeout: DELETE_WITHIN_MS },
          });
          if (status !== 0) throw new Error(`Cannot delete container ${name}: runc ended with ${status}`);
        }
        removeLeftCgroups(name);
        removeBundle(bundles, name);
      } catch (error) {
        failed(error instanceof Error ? error.message : 'a container could not be deleted');
      }
    }
  }

  async function remove(name: string, runc: Container['runc'], wasKilled: boolean): Promise<void> {
    // Whoever hears of its end in this turn may still read its log.
    await nextTurn();
    for (let told = false; ; told = true) {
      try {
        // runc forgets a container whose end it saw; one whose runc was killed it must be told to.
        if (existsSync(join(root, name))) await runDelete(name, runc);
        if (wasKilled) removeLeftCgroups(name);
        return removeBundle(bundles, name);
      } catch (error) {
        if (!told) failed(error instanceof Error ? error.message : `container ${name} could not be deleted`);
      }
      await wait(DELETE_AGAIN_MS);
    }
  }

  return {
    create(plan, files) {
      const runc = findRunc();
      if (runc === null) throw new Error('Cannot start a container: runc is gone');
      const name = `driverd-${randomBytes(12).toString('hex')}`;
      const words = runcWords(runc);
      const bundle = makeBundle(bundles, name, plan, files);
      return { name, bundle, runc: words, remove: (wasKilled) => remove(name, words, wasKilled) };
    },
  };
}

function runDelete(name: string, [program, ...words]: Container['runc']): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...words, 'delete', '--force', name], {
      ...{ env: Object.create(null), cwd: '/', stdio: 'ignore', timeout: DELETE_WITHIN_MS },
      killSignal: 'SIGKILL',
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`Cannot delete container ${name}: runc ended with ${signal ?? code}`));
    });
  });
}
