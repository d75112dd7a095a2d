import type { JsonReader } from './reader.ts';
import { JsonRefused } from './refusal.ts';

const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;
const upperE = 0x45;
const lowerE = 0x65;
/** So many digits a double always keeps (DBL_DIG of C's float.h), and as an integer they are below 2^53. */
const surelyKept = 15;

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/**
 * Reads a number (RFC 8259 section 6) that begins at the reader's position. One beyond 2^53-1 has to come back as the
 * decimal value it was: 9007199254740993 would reach the driver as ...992 (RFC 7493 section 2.2). What ECMAScript
 * prints with the same value is kept however it was spelt (`1.0e28`), so canonical JSON can always be read again.
 *
 * @throws JsonRefused `syntax`, or `number` for one that overflows or would change
 */
export function readNumber(reader: JsonReader): number {
  return readPlainInteger(reader) ?? readAnyNumber(reader);
}

/** The common case, several times faster than the pattern. */
function readPlainInteger(reader: JsonReader): number | undefined {
  const { text, position: start } = reader;
  const negative = text.charCodeAt(start) === minus;
  const first = negative ? start + 1 : start;
  let value = 0;
  let position = first;
  let code = text.charCodeAt(position);
  while (code >= zero && code <= nine) {
    value = value * 10 + (code - zero);
    position += 1;
    code = text.charCodeAt(position);
  }
  const digits = position - first;
  if (digits === 0 || digits > surelyKept || code === dot || code === lowerE || code === upperE)
    return undefined;
  if (digits > 1 && text.charCodeAt(first) === zero) return undefined;
  reader.position = position;
  return negative ? -value : value;
}

function readAnyNumber(reader: JsonReader): number {
  number.lastIndex = reader.position;
  const [literal] = number.exec(reader.text) ?? [];
  if (literal === undefined) throw new JsonRefused('syntax');
  reader.position += literal.length;
  const value = Number(literal);
  if (!Number.isFinite(value)) throw new JsonRefused('number');
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER && changes(literal, value)) throw new JsonRefused('number');
  return value;
}

function changes(literal: string, value: number): boolean {
  if (literal.length <= surelyKept) return false;
  const printed = String(value);
  return literal !== printed && decimalValue(literal) !== decimalValue(printed);
}

/** One spelling per decimal value: its digits without zeros at either end, and the power of ten of the last one. */
function decimalValue(literal: string): string {
  const unsigned = literal.startsWith('-') ? literal.slice(1) : literal;
  const [mantissa = '', exponent = '0'] = unsigned.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = whole + fraction;
  let first = 0;
  while (digits[first] === '0') first += 1;
  let end = digits.length;
  while (end > first && digits[end - 1] === '0') end -= 1;
  const power = Number(exponent) - fraction.length + (digits.length - end);
  return `${digits.slice(first, end)}e${power}`;
}
