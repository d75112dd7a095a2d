import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readProcessStatus } from '../process-status.ts';
import { FIRST_FREE_IN_CONTAINER } from './first-program.ts';

/**
 * What runc handed down to a container's first two processes, before either begins: neither a descriptor of the host
 * nor a working folder outside (CVE-2024-21626 was both), and privileges that the second one did not merely lay down.
 * @param further how many descriptors the program is granted
 * @throws Error that says what is otherwise
 */
export function checkHandedDown(
  pids: { readonly first: number; readonly gate: number },
  workdir: string,
  further: number,
): void {
  // What the gate has open it got from the first process, or opened in its own view.
  const passed = FIRST_FREE_IN_CONTAINER + further;
  const more = readdirSync(`/proc/${pids.first}/fd`).filter((name) => Number(name) >= passed);
  if (more.length > 0) throw new Error(`it was handed descriptors: ${more.join(', ')}`);
  for (const pid of [pids.first, pids.gate])
    if (readlinkSync(`/proc/${pid}/cwd`) !== workdir) throw new Error('its working folder is another');
  if (
    JSON.stringify(readProcessStatus(pids.first), written) !==
    JSON.stringify(readProcessStatus(pids.gate), written)
  )
    throw new Error('its first process is held otherwise than its gate');
  // The last number of NSpid is its number in its innermost namespace (proc_pid_status(5)).
  if (!/^NSpid:.*\s1$/m.test(readFileSync(`/proc/${pids.first}/status`, 'latin1')))
    throw new Error('its first process has no namespace of processes');
}

const written = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
