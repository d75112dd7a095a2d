import { readSync, writeSync } from 'node:fs';
import type { JsonValue } from './json-value.ts';

const STDIN = 0;
const STDOUT = 1;
const CHUNK_BYTES = 65_536;
/** Longest request, in bytes; the broker never sends one this long. */
const MAXIMUM_REQUEST_BYTES = 67_108_864;
const LINE_FEED = 0x0a;
/** How long a full pipe is given before the next attempt, in milliseconds. */
const RETRY_MS = 5;

/**
 * Reads stdin up to the first line feed or its end.
 * @throws Error if stdin cannot be read or the request is too long
 */
export function readRequestLine(): string {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    const count = patiently(() => readSync(STDIN, chunk));
    const end = chunk.subarray(0, count).indexOf(LINE_FEED);
    chunks.push(chunk.subarray(0, end === -1 ? count : end));
    length += count;
    if (length > MAXIMUM_REQUEST_BYTES) throw new Error('Cannot read the request: it is too long');
    if (count === 0 || end !== -1) return Buffer.concat(chunks).toString('utf8');
  }
}

/**
 * Writes a value as one line to stdout, and returns when all of it is written. Synchronous, so that order is kept, a
 * handler that never yields still reports progress, and exiting afterwards cuts nothing off.
 * @throws Error if stdout cannot be written, or TypeError if the value has no JSON form
 */
export function writeLine(value: JsonValue): void {
  const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
  for (let at = 0; at < bytes.length; ) at += patiently(() => writeSync(STDOUT, bytes, at));
}

/** A pipe may be non-blocking, as its other end may have set it so: then EAGAIN only means "not yet" (write(2)). */
function patiently(transfer: () => number): number {
  for (;;) {
    try {
      return transfer();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (error.code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
