import { close, openSync } from 'node:fs';

/**
 * Keeps the mount namespace of a sandbox until it is let go, so that its last process need not take it apart while it
 * dies: the kernel waits for all processors then (namespace_unlock, synchronize_rcu_expedited), some milliseconds on a
 * busy host, and a call would wait with it. Where the kernel does not allow it (ptrace(2), PTRACE_MODE_READ) it is
 * not kept, and that time is spent.
 * @param pid of one of its processes
 * @returns lets it go, in a thread of its own; later calls do nothing
 */
export function keepMountNamespace(pid: number): () => void {
  let kept: number | null = open(`/proc/${pid}/ns/mnt`);
  return () => {
    if (kept === null) return;
    // It is a file of the kernel's without a buffer: nothing that its end could fail to write.
    close(kept, () => undefined);
    kept = null;
  };
}

function open(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
