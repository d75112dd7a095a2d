import { followLog, type LogItem } from '../audit/follow-log.ts';
import { placeOfLastLines } from '../audit/last-lines.ts';
import { logFailure } from '../audit/log-failure.ts';
import { auditLogPath } from '../audit/places.ts';
import { printLine } from '../audit/print-line.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { printWarning } from '../print/warning.ts';

const DEFAULT_COUNT = 10;
const LARGEST_COUNT = 1_000_000;

/**
 * `driverctl audit tail`: the last records, which may lie in earlier segments, and with `--follow` those to come; for eyes
 * on a terminal, else as they stand. Returns the exit status.
 */
export async function tailAuditLog(invocation: Invocation): Promise<number> {
  const { options } = invocation;
  const count =
    options.lines === undefined ? DEFAULT_COUNT : wholeNumber(options.lines, '--lines', 0, LARGEST_COUNT);
  const path = auditLogPath(invocation);
  let status: number = exitCodes.ok.status;
  try {
    const from = await placeOfLastLines(path, count);
    const { signal } = new AbortController();
    for await (const item of followLog({ path, from, signal })) {
      if (item.kind === 'caught-up' && options.follow !== true) {
        if (item.rest.length > 0 && count > 0) printLine(invocation, item.rest);
        break;
      }
      printItem(invocation, item);
      if (item.kind === 'unreadable') status = exitCodes.other.status;
    }
  } catch (error) {
    throw logFailure(path, error);
  }
  return status;
}

function printItem(invocation: Invocation, item: LogItem): void {
  switch (item.kind) {
    case 'record':
    case 'no-record':
      return printLine(invocation, item.line);
    case 'gap':
      return printWarning(invocation.stderr, `Records ${item.from} to ${item.to} are not there`);
    case 'changed':
      return printWarning(invocation.stderr, 'The log was begun anew, or cut: its numbers go back');
    case 'unreadable':
      return printWarning(invocation.stderr, `Cannot read ${item.path}: ${item.why}`);
    case 'caught-up':
      return;
  }
}
