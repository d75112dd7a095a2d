import { lstat, rm } from 'node:fs/promises';
import { type Compress, unfinishedPath } from './compression.ts';
import { startThread } from './thread.ts';

/** Why a segment was not compressed; null: it was. */
type Told = { readonly message: string; readonly code: string | null } | null;

/**
 * Compresses each segment on a thread of its own, which is there for no longer. Told to end, it leaves what a crash would.
 * @param program compressing-thread.ts, as it lies beside the program that runs
 */
export function compressBeside(program: URL): Compress {
  return async (path, signal) => {
    signal.throwIfAborted();
    // The process's thread pool begins with its first use, with the priority of whoever that is.
    await lstat(path);
    try {
      const told = await tellOf(program, path, signal);
      if (told !== null) throw Object.assign(new Error(told.message), { code: told.code });
    } finally {
      if (signal.aborted) await rm(unfinishedPath(path), { force: true });
    }
  };
}

function tellOf(program: URL, path: string, signal: AbortSignal): Promise<Told> {
  return new Promise((resolve, reject) => {
    const thread = startThread(program, 'compress', { path });
    const end = (): void => void thread.terminate();
    let told: Told | undefined;
    signal.addEventListener('abort', end);
    thread.once('message', (message: Told) => {
      told = message;
    });
    thread.once('error', reject);
    // Once it is gone: nothing of it is done later.
    thread.once('exit', () => {
      signal.removeEventListener('abort', end);
      if (told !== undefined) resolve(told);
      else reject(signal.aborted ? signal.reason : new Error('the thread that compresses has ended'));
    });
  });
}
