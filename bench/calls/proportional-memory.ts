import { readdirSync, readFileSync } from 'node:fs';

/** A process and all that it started: monitor, broker, and the bubblewraps between them. */
export function withDescendants(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(withDescendants)];
}

/** What processes hold together, in KiB: pages that several share count once (Pss in proc_pid_smaps_rollup(5)). */
export function proportionalKibibytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    return sum + Number(rollup.match(/^Pss:\s+(\d+) kB/m)?.[1] ?? Number.NaN);
  }, 0);
}
