import { hash } from 'node:crypto';

/** What a line says of its own place in the chain. */
export interface RecordLink {
  readonly seq: number;
  readonly event: string;
  readonly prev: string;
  readonly hash: string;
}

/** Longest line of a log in bytes, newline included. */
export const LINE_BYTES_MAXIMUM = 65_536;
/** `prev` of the first record, and the hash of an empty log. */
export const NO_HASH = '0'.repeat(64);
/** What stands behind the bytes that a record's hash is taken over. */
export const HASH_PART_BYTES = `,"hash":"${NO_HASH}"}`.length;
export const TRAILER_BYTES = `,"prev":"${NO_HASH}"`.length + HASH_PART_BYTES;
export const EVENT_LENGTH_MAXIMUM = 32;
/** HOST_NAME_MAX of Linux (limits.h). */
export const HOST_LENGTH_MAXIMUM = 64;

const HASH_LENGTH = NO_HASH.length;
const SEQ_DIGITS_MAXIMUM = 16;
const MONOTONIC_DIGITS_MAXIMUM = 20;
const BOOT_LENGTH = 36;
const WRITER_DIGITS_MAXIMUM = 10;

/** Which bytes a field may have; a table of bits, since every byte of a log's frame is looked up in one. */
const DIGIT = 1;
const HEX = 2;
const BOOT = 4;
const LETTER = 8;
const WORD = 16;
const HOST = 32;
const CLASSES = new Uint8Array(256);
for (const [characters, bits] of [
  ['0123456789', DIGIT | HEX | BOOT | HOST],
  ['abcdef', HEX | BOOT],
  ['-', BOOT | WORD | HOST],
  ['abcdefghijklmnopqrstuvwxyz', LETTER | WORD | HOST],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZ._', HOST],
] as const) {
  for (const byte of Buffer.from(characters)) CLASSES[byte] = (CLASSES[byte] ?? 0) | bits;
}

const BEFORE_SEQ = Buffer.from('{"version":1,"seq":');
const BEFORE_TIME = Buffer.from(',"time":"');
/** A zero stands for any digit. */
const TIME = Buffer.from('0000-00-00T00:00:00.000000Z');
const BEFORE_MONOTONIC = Buffer.from('","monotonic_ns":"');
const BEFORE_BOOT = Buffer.from('","boot":"');
const BEFORE_HOST = Buffer.from('","host":"');
const BEFORE_WRITER = Buffer.from('","writer":');
const BEFORE_EVENT = Buffer.from(',"event":"');
const BEFORE_FACTS = Buffer.from('","facts":{');
const BEFORE_PREV = Buffer.from(',"prev":"');
const BEFORE_HASH = Buffer.from('","hash":"');
const END = Buffer.from('"}');
const ZERO = 0x30;

/**
 * Reads a line's place in the chain, or null where the line is not in the exact form that is written. Checks no hash. By
 * bytes: a verifier does it for each record, and a regular expression would take it a third of its time.
 */
export function readLink(line: Buffer): RecordLink | null {
  const header = readHeader(line);
  if (header === null || !hasRecordForm(line)) return null;
  const trailer = line.toString('latin1', line.length - TRAILER_BYTES);
  const prevFrom = BEFORE_PREV.length;
  const hashFrom = prevFrom + HASH_LENGTH + BEFORE_HASH.length;
  const prev = trailer.slice(prevFrom, prevFrom + HASH_LENGTH);
  return { ...header, prev, hash: trailer.slice(hashFrom, hashFrom + HASH_LENGTH) };
}

/** The hash that a line should have. */
export function hashOfLine(line: Buffer): string {
  return hash('sha256', line.subarray(0, line.length - HASH_PART_BYTES), 'hex');
}

/**
 * The same, and its hash checked, for a line that is the record behind another; null for any other line.
 *
 * @param seq the number that it has to have
 * @param prev the hash of the record before
 */
export function readNext(line: Buffer, seq: number, prev: string): RecordLink | null {
  const header = readHeader(line);
  if (header === null || header.seq !== seq) return null;
  const digest = hashOfLine(line);
  const trailer = line.toString('latin1', line.length - TRAILER_BYTES);
  return trailer === `,"prev":"${prev}","hash":"${digest}"}` ? { ...header, prev, hash: digest } : null;
}

function readHeader(line: Buffer): { readonly seq: number; readonly event: string } | null {
  if (line.length <= TRAILER_BYTES || line.length >= LINE_BYTES_MAXIMUM) return null;
  const seqFrom = after(line, 0, BEFORE_SEQ);
  const seqTo = run(line, seqFrom, DIGIT, SEQ_DIGITS_MAXIMUM);
  const timeFrom = after(line, seqTo, BEFORE_TIME);
  const monotonicFrom = after(line, afterTime(line, timeFrom), BEFORE_MONOTONIC);
  const monotonicTo = run(line, monotonicFrom, DIGIT, MONOTONIC_DIGITS_MAXIMUM);
  const bootFrom = after(line, monotonicTo, BEFORE_BOOT);
  const bootTo = run(line, bootFrom, BOOT, BOOT_LENGTH);
  const hostFrom = after(line, bootTo, BEFORE_HOST);
  const writerFrom = after(line, run(line, hostFrom, HOST, HOST_LENGTH_MAXIMUM), BEFORE_WRITER);
  const writerTo = run(line, writerFrom, DIGIT, WRITER_DIGITS_MAXIMUM);
  const eventFrom = after(line, writerTo, BEFORE_EVENT);
  const eventTo = run(line, eventFrom, WORD, EVENT_LENGTH_MAXIMUM);
  if (after(line, eventTo, BEFORE_FACTS) < 0) return null;
  if (line[seqFrom] === ZERO || line[writerFrom] === ZERO) return null;
  if (bootTo - bootFrom !== BOOT_LENGTH || !isA(line[eventFrom], LETTER)) return null;
  let seq = 0;
  for (let at = seqFrom; at < seqTo; at += 1) seq = seq * 10 + (line[at] ?? 0) - ZERO;
  return Number.isSafeInteger(seq) ? { seq, event: line.toString('latin1', eventFrom, eventTo) } : null;
}

/** Whether a line (without its newline) ends as only a whole record does. A line cut short never does. */
export function hasRecordForm(line: Buffer): boolean {
  if (line.length <= TRAILER_BYTES) return false;
  const prevTo = run(line, after(line, line.length - TRAILER_BYTES, BEFORE_PREV), HEX, HASH_LENGTH);
  const hashTo = run(line, after(line, prevTo, BEFORE_HASH), HEX, HASH_LENGTH);
  return after(line, hashTo, END) === line.length;
}

/** Where `text` ends that begins at `from`; -1 where it does not stand there, or `from` is negative. */
function after(line: Buffer, from: number, text: Buffer): number {
  if (from < 0) return -1;
  for (let index = 0; index < text.length; index += 1) if (line[from + index] !== text[index]) return -1;
  return from + text.length;
}

/** Where at least one and at most `maximum` bytes of a class end that begin at `from`; -1 where there is none. */
function run(line: Buffer, from: number, bits: number, maximum: number): number {
  if (from < 0) return -1;
  let to = from;
  while (to < from + maximum && isA(line[to], bits)) to += 1;
  return to === from ? -1 : to;
}

function isA(byte: number | undefined, bits: number): boolean {
  return byte !== undefined && ((CLASSES[byte] ?? 0) & bits) !== 0;
}

function afterTime(line: Buffer, from: number): number {
  if (from < 0) return -1;
  for (let index = 0; index < TIME.length; index += 1) {
    const byte = line[from + index];
    if (TIME[index] === ZERO ? !isA(byte, DIGIT) : byte !== TIME[index]) return -1;
  }
  return from + TIME.length;
}
