import { readdirSync, readFileSync } from 'node:fs';
import { INSIDE } from '../../src/monitor/configuration/views.ts';
import { childrenOf } from '../../src/monitor/launch/process-status.ts';

/** State letter of a process (proc_pid_stat(5)), or null where it is gone. */
function stateOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  } catch {
    return null;
  }
}

/** Whether a process can still act: a zombie cannot, it only waits to be counted by its parent. */
export function isAlive(pid: number): boolean {
  const state = stateOf(pid);
  return state !== null && state !== 'Z' && state !== 'X';
}

/** Command lines of all processes that can act, by number. */
export function commandLines(): ReadonlyMap<number, string> {
  const lines = new Map<number, string>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || !isAlive(pid)) continue;
    try {
      lines.set(pid, readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim());
    } catch {
      // It ended meanwhile.
    }
  }
  return lines;
}

/** Every process below one, itself not counted. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** The broker that this monitor runs, by its words: options of Node may stand before its file. */
export function brokerOf(monitor: number): number | undefined {
  const lines = commandLines();
  return descendantsOf(monitor).find((pid) => {
    const line = lines.get(pid) ?? '';
    return line.startsWith(`${INSIDE.node} `) && line.includes(` ${INSIDE.broker}/`);
  });
}

export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Fields of /proc/PID/status. */
export function statusOf(pid: number): ReadonlyMap<string, string> {
  return new Map(
    readFileSync(`/proc/${pid}/status`, 'latin1')
      .split('\n')
      .map((line): [string, string] => [
        line.slice(0, line.indexOf(':')),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
}
