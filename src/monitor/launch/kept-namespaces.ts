import { close, openSync } from 'node:fs';

/**
 * Those whose end makes the kernel wait for all processors (namespace_unlock and cleanup_net, synchronize_rcu_expedited),
 * some milliseconds on a busy host.
 */
const KEPT = ['mnt', 'net'] as const;

/**
 * Keeps the namespaces of a sandbox that take long to take apart until they are let go: else its last process would do so
 * while it dies, or the kernel just then, and a call would wait with it. Where the kernel does not allow it (ptrace(2),
 * PTRACE_MODE_READ) they are not kept, and that time is spent.
 * @param pid of one of its processes
 * @returns lets them go, in a thread of its own; later calls do nothing
 */
export function keepNamespaces(pid: number): () => void {
  const kept = KEPT.map((name) => open(`/proc/${pid}/ns/${name}`));
  return () => {
    for (const file of kept.splice(0)) {
      // It is a file of the kernel's without a buffer: nothing that its end could fail to write.
      if (file !== null) close(file, () => undefined);
    }
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
