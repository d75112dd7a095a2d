import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal, escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import { driverLines } from '../client/driver-lines.ts';
import { withSession } from '../client/with-session.ts';
import { wholeNumber } from '../command-line.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';

const DEFAULT_COUNT = 10;
const LARGEST_COUNT = 1_000_000;

/**
 * `driverctl logs DRIVER`: what a driver said for people, a line each, or with `--json` an object each. Returns the exit
 * status. Throws `Failure`.
 */
export async function showLogs(invocation: Invocation): Promise<number> {
  const { options, operands, stdout, stderr } = invocation;
  const [driver] = operands;
  if (driver === undefined) throw new Failure('usage', 'Cannot show the logs: the driver is missing');
  const count =
    options.lines === undefined ? DEFAULT_COUNT : wholeNumber(options.lines, '--lines', 0, LARGEST_COUNT);
  const print = options.json === true ? jsonLine : humanLine;
  await withSession(invocation, async (session) => {
    for await (const { lines, missed } of driverLines(session, driver, count, options.follow === true)) {
      if (missed !== 0) stderr.write(`driverctl: ${missedText(missed)}\n`);
      if (lines.length > 0) stdout.write(lines.map(print).join(''));
    }
  });
  return exitCodes.ok.status;
}

function missedText(missed: number | null): string {
  if (missed === null) return "the daemon's broker has started anew: what it kept before is gone";
  return `${missed} lines were gone before they could be read`;
}

function jsonLine(line: JsonObject): string {
  return `${escapeJsonForTerminal(JSON.stringify(line))}\n`;
}

/** Time, launch, stderr or the message's level, text; an ellipsis where a long line goes on in the next one. */
function humanLine({ time, launch, source, level, text, more }: JsonObject): string {
  const from = source === 'log' ? level : source;
  const end = more === true ? '…' : '';
  return `${word(time)} launch ${word(launch)} ${word(from)}: ${word(text)}${end}\n`;
}

function word(value: JsonValue | undefined): string {
  return escapeForTerminal(typeof value === 'string' ? value : JSON.stringify(value ?? null));
}
