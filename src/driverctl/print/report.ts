import { escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import type { Invocation, Report } from '../invocation.ts';

/**
 * Prints a result: with `--json` one line of JSON, else for eyes on a terminal and as indented JSON anywhere else.
 * Throws what the output throws.
 */
export function printReport(invocation: Pick<Invocation, 'options' | 'stdout'>, report: Report): void {
  const { options, stdout } = invocation;
  if (options.json !== true && stdout.isTerminal) stdout.write(report.human());
  else {
    const text = JSON.stringify(report.json, null, options.json === true ? 0 : 2);
    stdout.write(`${escapeJsonForTerminal(text)}\n`);
  }
}
