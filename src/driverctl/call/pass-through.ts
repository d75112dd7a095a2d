import { constants } from 'node:os';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { DaemonFailure, Failure } from '../failure.ts';
import type { Output, Surroundings } from '../invocation.ts';
import { fromWire } from './bytes.ts';

/** What a shell adds to a signal's number for `$?` (POSIX, Shell Command Language, 2.8.2 says "greater than 128"). */
const SIGNALLED = 128;
const LARGEST_STATUS = 255;

/**
 * What `--raw` passes through of an answer's `_meta`: the program's standard output, standard error and exit status.
 * Returns the exit status. Throws `Failure` (connection) where the daemon did not send them whole.
 */
export function passThrough(meta: JsonObject, outputs: Pick<Surroundings, 'stdout' | 'stderr'>): number {
  return passOn(meta['driver'], outputs);
}

/**
 * The same for a call that failed because the program did (exit status not in the manifest's list, or a signal).
 * Returns null for any other failure, and where the profile keeps the program's end to itself.
 */
export function passThroughFailure(
  failure: unknown,
  outputs: Pick<Surroundings, 'stdout' | 'stderr'>,
): number | null {
  if (!(failure instanceof DaemonFailure)) return null;
  const { reason, driver } = failure.error.data;
  return reason === 'driver-failed' && isJsonObject(driver) ? passOn(driver, outputs) : null;
}

function passOn(driver: JsonValue | undefined, outputs: Pick<Surroundings, 'stdout' | 'stderr'>): number {
  const status = isJsonObject(driver) ? statusOf(driver) : null;
  if (!isJsonObject(driver) || status === null) {
    throw new Failure('connection', "Cannot pass the program's end through: the daemon did not send it");
  }
  writeStream(outputs.stdout, driver['stdout']);
  writeStream(outputs.stderr, driver['stderr']);
  return status;
}

function statusOf({ exit_status: status, signal }: JsonObject): number | null {
  if (typeof status === 'number' && Number.isInteger(status) && status >= 0 && status <= LARGEST_STATUS) {
    return status;
  }
  const numbers: Readonly<Record<string, number>> = constants.signals;
  const number = typeof signal === 'string' && Object.hasOwn(numbers, signal) ? numbers[signal] : signal;
  return typeof number === 'number' && number > 0 && number < SIGNALLED ? SIGNALLED + number : null;
}

/** Bytes as they are where a program reads them; safe text where a terminal does (U1). */
function writeStream(output: Output, value: JsonValue | undefined): void {
  const bytes = fromWire(value ?? '');
  if (bytes === null)
    throw new Failure('connection', "Cannot pass the program's output through: it is malformed");
  if (bytes.length === 0) return;
  output.write(output.isTerminal ? escapeForTerminal(bytes.toString(), { keepNewlines: true }) : bytes);
}
