import { escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import { tailLines } from '../audit/follow.ts';
import { auditLogPath } from '../audit/places.ts';
import { humanRecord } from '../audit/record-line.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';

const DEFAULT_COUNT = 10;
const LARGEST_COUNT = 1_000_000;

/** `driverctl audit tail`: the last records, for eyes on a terminal, else as they stand. Returns the exit status. */
export async function tailAuditLog(invocation: Invocation): Promise<number> {
  const { options, stdout } = invocation;
  const count =
    options.lines === undefined ? DEFAULT_COUNT : wholeNumber(options.lines, '--lines', 0, LARGEST_COUNT);
  const follow = options.follow === true ? new AbortController().signal : null;
  for await (const line of tailLines({ path: auditLogPath(invocation), count, follow })) {
    if (!stdout.isTerminal) stdout.write(Buffer.concat([line, Buffer.from('\n')]));
    else if (options.json === true) stdout.write(`${escapeJsonForTerminal(line.toString())}\n`);
    else stdout.write(`${humanRecord(line)}\n`);
  }
  return exitCodes.ok.status;
}
