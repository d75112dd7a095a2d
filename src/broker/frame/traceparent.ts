import { takeRandomHex } from '../random-bytes.ts';

/** Where a call stands in a trace: the caller's own, or one that begins with it. */
export interface TraceParent {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
}

const pattern = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;
const longest = 256;

/**
 * Reads a `traceparent` (W3C Trace Context, section 3.2.2). Version ff and identifiers of zeros only are invalid,
 * version 00 ends after the flags, a later version may go on after another dash.
 *
 * @returns undefined if it is invalid
 */
export function readTraceParent(text: string): TraceParent | undefined {
  if (text.length > longest) return undefined;
  const [, version, traceId, spanId, rest] = pattern.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return undefined;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}

const RANDOM_BYTES = 24;
const ZEROS = '00000000';

/** Begins a trace for a call that came without one (section 3.2.2.3: random, not all zero). */
export function newTrace(): TraceParent {
  let hex: string;
  do hex = takeRandomHex(RANDOM_BYTES);
  while (hex.startsWith(ZEROS) || hex.startsWith(ZEROS, 32));
  return { traceId: hex.slice(0, 32), spanId: hex.slice(32) };
}
