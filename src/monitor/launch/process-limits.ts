import { readFileSync } from 'node:fs';
import type { ProcessLimits } from './gate.ts';

/** What the kernel says of a process in /proc/PID/limits and oom_score_adj (proc_pid_limits(5)), by its own names. */
export type KernelLimits = ReadonlyMap<string, string>;

const OOM_SCORE = 'oom_score_adj';

/** Throws where the process is gone. */
export function readProcessLimits(pid: number): KernelLimits {
  const lines = readFileSync(`/proc/${pid}/limits`, 'utf8').split('\n').slice(1);
  const limits = lines.map((line): [string, string] => {
    // Columns are padded with at least two blanks; the third is the unit.
    const [name = '', soft = '', hard = ''] = line.split(/\s{2,}/);
    return [name, soft === hard ? hard : `${soft} ${hard}`];
  });
  return new Map([...limits, [OOM_SCORE, readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim()]]);
}

/**
 * Which limits differ from the plan's, soft or hard. The gate sets them, and on a root folder the gate is a shell of that
 * folder: so they are read back, as its privileges are.
 */
export function limitDifferences(limits: ProcessLimits, found: KernelLimits): string[] {
  const inSteps = (bytes: number | null, step: number): number | null =>
    bytes === null ? null : Math.floor(bytes / step) * step;
  const expected: readonly (readonly [string, number | null])[] = [
    ['Max core file size', 0],
    ['Max open files', limits.openFiles],
    ['Max file size', inSteps(limits.fileBytes, 512)],
    ['Max cpu time', limits.cpuSeconds],
    ['Max data size', inSteps(limits.dataBytes, 1024)],
    ['Max address space', inSteps(limits.addressSpaceBytes, 1024)],
    ['Max processes', limits.processes],
  ];
  const differing = expected.filter(([name, value]) => value !== null && found.get(name) !== String(value));
  const score = Number(found.get(OOM_SCORE));
  return [...differing.map(([name]) => name), ...(score >= limits.oomScore ? [] : [OOM_SCORE])];
}
