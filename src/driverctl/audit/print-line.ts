import { escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import type { Invocation } from '../invocation.ts';
import { humanRecord } from './record-line.ts';

const NEWLINE = Buffer.from('\n');

/** Prints a line of a log: for eyes on a terminal, as safe JSON there with `--json`, anywhere else as it stands. */
export function printLine({ options, stdout }: Pick<Invocation, 'options' | 'stdout'>, line: Buffer): void {
  if (!stdout.isTerminal) stdout.write(Buffer.concat([line, NEWLINE]));
  else if (options.json === true) stdout.write(`${escapeJsonForTerminal(line.toString())}\n`);
  else stdout.write(`${humanRecord(line)}\n`);
}
