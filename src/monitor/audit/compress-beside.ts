import { lstat, rm } from 'node:fs/promises';
import { type Compress, unfinishedPath } from './compression.ts';
import { startThread } from './thread.ts';

/** Why a segment was not compressed; null: it was. */
type Told = { readonly message: string; readonly code: string | null } | null;

/**
 * Compresses each segment on a thread of its own, which is there for no longer. Told to end, it clears up and ends: to be
 * terminated could leave descriptors open that it was just getting.
 * @param program compressing-thread.ts, as it lies beside the program that runs
 */
export function compressBeside(program: URL): Compress {
  return async (path, signal) => {
    // The process's thread pool begins with its first use, with the priority of whoever that is.
    await lstat(path);
    signal.throwIfAborted();
    try {
      const told = await tellOf(program, path, signal);
      signal.throwIfAborted();
      if (told !== null) throw Object.assign(new Error(told.message), { code: told.code });
    } catch (error) {
      await rm(unfinishedPath(path), { force: true });
      throw error;
    }
  };
}

function tellOf(program: URL, path: string, signal: AbortSignal): Promise<Told> {
  return new Promise((resolve, reject) => {
    const thread = startThread(program, 'compress', { path });
    const end = (): void => thread.postMessage('end');
    let told: Told | undefined;
    let error = new Error('the thread that compresses has ended');
    signal.addEventListener('abort', end);
    thread.once('message', (message: Told) => {
      told = message;
    });
    thread.once('error', (thrown: Error) => {
      error = thrown;
    });
    // Once it is gone: nothing of it is done later.
    thread.once('exit', () => {
      signal.removeEventListener('abort', end);
      if (told === undefined) reject(error);
      else resolve(told);
    });
  });
}
