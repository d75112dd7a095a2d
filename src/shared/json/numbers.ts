import { JsonRefused } from './refusal.ts';
import { endOfString } from './shape.ts';

// Fifteen characters or more of a number (RFC 8259 section 6). A shorter one has fewer than 15 digits, and those a
// double always keeps (DBL_DIG of C's float.h).
const leastLength = 15;
const longNumber = /-?\d[\d.eE+-]{14,}/g;

/**
 * Refuses a number beyond 2^53-1 that would come back as another one: 9007199254740993 would reach the driver as
 * ...992 (RFC 7493 section 2.2). A number that ECMAScript prints with the same decimal value is kept, however it was
 * spelt (`1.0e28`), so what canonical JSON writes can always be read again.
 *
 * @param text valid JSON, without a number that overflows
 * @throws JsonRefused `number`
 */
export function refuseChangedNumbers(text: string): void {
  for (let start = 0; start < text.length; ) {
    const quote = text.indexOf('"', start);
    const end = quote === -1 ? text.length : quote;
    if (end - start >= leastLength) refuseChangedOutsideStrings(text.slice(start, end));
    start = quote === -1 ? text.length : endOfString(text, quote) + 1;
  }
}

function refuseChangedOutsideStrings(text: string): void {
  for (const [literal] of text.matchAll(longNumber)) {
    const value = Number(literal);
    if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) continue;
    const printed = String(value);
    if (printed === literal) continue;
    if (decimalValue(literal) !== decimalValue(printed)) throw new JsonRefused('number');
  }
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
