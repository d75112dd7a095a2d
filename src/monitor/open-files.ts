import { readFileSync } from 'node:fs';

/** This process's soft limit of open files; Node raises it to the hard one when it starts. */
export function openFilesLimit(): number {
  const line = readFileSync('/proc/self/limits', 'latin1').match(/^Max open files\s+(\d+)/m);
  if (line?.[1] === undefined)
    throw new Error('Cannot read the limit of open files: /proc/self/limits has no such line');
  return Number(line[1]);
}
