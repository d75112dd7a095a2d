import type { JsonReader } from './reader.ts';
import { JsonRefused } from './refusal.ts';

const backslash = 0x5c;
const firstPrintable = 0x20;
/** V8 makes a longer slice a view of its source (SlicedString::kMinLength is 13). */
const longestCopy = 12;

/**
 * Reads a string (RFC 8259 section 7) that begins at the reader's position. A short plain one is cut from the text;
 * all others are left to the native parser: it knows the escapes, and its result does not keep the whole message in
 * memory as a long slice would.
 *
 * @throws JsonRefused `syntax`, or `surrogate` for an escaped surrogate without its other half: the decoder of the
 *   bytes has refused all others
 * @throws SyntaxError from the native parser
 */
export function readString(reader: JsonReader): string {
  const { text, position: opening } = reader;
  const closing = endOfString(text, opening);
  reader.position = closing + 1;
  if (closing - opening - 1 <= longestCopy && isPlain(text, opening + 1, closing))
    return text.slice(opening + 1, closing);
  const value = JSON.parse(text.slice(opening, closing + 1)) as string;
  if (!value.isWellFormed()) throw new JsonRefused('surrogate');
  return value;
}

/** Linear: each backslash is looked at once more, by the one quote that its run may escape. */
function endOfString(text: string, opening: number): number {
  for (let end = text.indexOf('"', opening + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    const escapes = end - 1 - before;
    if (escapes % 2 === 0) return end;
  }
  throw new JsonRefused('syntax');
}

function isPlain(text: string, start: number, end: number): boolean {
  for (let position = start; position < end; position += 1) {
    const code = text.charCodeAt(position);
    if (code < firstPrintable || code === backslash) return false;
  }
  return true;
}
