import { JsonRefused } from './refusal.ts';

/** Bounds of one message. */
export interface JsonLimits {
  /** Deepest nesting of arrays and objects, at least 1; `[]` has depth 1. */
  readonly depth: number;
  /** Most object members in the whole message, at least 0. */
  readonly keys: number;
}

const quote = 0x22;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Counts the name separators of a JSON text outside its strings, and holds nesting and count to their limits before
 * anything is built from the text. Valid JSON has exactly one such colon per member (RFC 8259 section 4), so the
 * result is the number of members with duplicates counted; for text that is not JSON it means nothing.
 *
 * @returns the number of members, 0 to `limits.keys`
 * @throws JsonRefused `depth` or `keys`
 */
export function countMembers(text: string, limits: JsonLimits): number {
  let depth = 0;
  let members = 0;
  for (let position = 0; position < text.length; position += 1) {
    switch (text.charCodeAt(position)) {
      case quote:
        position = endOfString(text, position);
        break;
      case openBracket:
      case openBrace:
        depth += 1;
        if (depth > limits.depth) throw new JsonRefused('depth');
        break;
      case closeBracket:
      case closeBrace:
        depth -= 1;
        break;
      case colon:
        members += 1;
        if (members > limits.keys) throw new JsonRefused('keys');
        break;
    }
  }
  return members;
}

/**
 * Finds the quote that ends the string which begins at `start`. Linear: each backslash is looked at once more, by the
 * one quote that its run may escape.
 *
 * @param start index of the opening quote
 * @returns index of the closing quote, or the text's length if there is none
 */
export function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === backslash) before -= 1;
    const escapes = end - 1 - before;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
