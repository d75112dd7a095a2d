import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import type { Output } from '../invocation.ts';

/** Says on standard error what is amiss without being a failure: one line, safe for a terminal. */
export function printWarning(stderr: Output, text: string): void {
  stderr.write(`driverctl: ${escapeForTerminal(text)}\n`);
}
