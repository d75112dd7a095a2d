/** How a part of a secret looks: the source of a pattern, and a text of that look. */
export interface Shape {
  readonly source: string;
  readonly example: string;
  /** Whether what follows could still belong to it, so that a match must end at a border. */
  readonly isExact: boolean;
}

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
/** Multiplicative hashing spreads the characters of an example (D. Knuth, TAOCP 3, 6.4). */
const GOLDEN = 0x9e3779b1;
const ANOTHER = 0x85ebca6b;

/** Characters in an order that is no word's, and the same at each start. */
function sample(characters: string, length: number): string {
  return Array.from({ length }, (_, at) => {
    const first = Math.imul(at + 7, GOLDEN);
    const mixed = Math.imul(first ^ (first >>> 15), ANOTHER) >>> 8;
    return characters.charAt(mixed % characters.length);
  }).join('');
}

function alphabet(characterClass: string, characters: string) {
  return (least: number, most: number = least): Shape => ({
    source: `[${characterClass}]{${least},${most}}`,
    example: sample(characters, least),
    isExact: least === most,
  });
}

/** Shapes of so many characters, or of `least` to `most`. */
export const digits = alphabet('0-9', DIGITS);
export const hex = alphabet('0-9a-f', '0123456789abcdef');
export const anyHex = alphabet('0-9a-fA-F', '0123456789abcdefABCDEF');
export const letters = alphabet('A-Za-z', UPPER + LOWER);
export const upper = alphabet('A-Z', UPPER);
export const upper36 = alphabet('A-Z0-9', UPPER + DIGITS);
export const base32 = alphabet('A-Z2-7', `${UPPER}234567`);
export const lower32 = alphabet('a-z2-7', `${LOWER}234567`);
export const lower36 = alphabet('a-z0-9', LOWER + DIGITS);
export const base62 = alphabet('A-Za-z0-9', UPPER + DIGITS + LOWER);
export const base64 = alphabet('A-Za-z0-9+/', `${UPPER}${DIGITS}${LOWER}+/`);
export const base64url = alphabet('A-Za-z0-9_-', `${UPPER}${DIGITS}${LOWER}_-`);
/** Base64 of either kind, padding, and the dot between parts. */
export const dotted = alphabet('A-Za-z0-9_+/=.-', `${UPPER}${DIGITS}${LOWER}_-.`);

/** That text as it is. */
export function literal(text: string): Shape {
  return { source: escaped(text), example: text, isExact: true };
}

/** What no other function makes; `example` matches `source`. It needs no border behind it. */
export function shaped(source: string, example: string): Shape {
  return { source, example, isExact: false };
}

/** One after the other; a string stands for itself. */
export function sequence(...parts: readonly (Shape | string)[]): Shape {
  const shapes = parts.map((part) => (typeof part === 'string' ? literal(part) : part));
  return {
    source: shapes.map(({ source }) => source).join(''),
    example: shapes.map(({ example }) => example).join(''),
    isExact: shapes.at(-1)?.isExact ?? true,
  };
}

/** Any of these; the first gives the example. */
export function anyOf(first: Shape, ...others: readonly Shape[]): Shape {
  const all = [first, ...others];
  return {
    source: `(?:${all.map(({ source }) => source).join('|')})`,
    example: first.example,
    isExact: all.every(({ isExact }) => isExact),
  };
}

/** 8-4-4-4-12 hexadecimal digits (RFC 9562, section 4). */
export const UUID = shaped(
  [8, 4, 4, 4, 12].map((length) => anyHex(length).source).join('-'),
  [8, 4, 4, 4, 12].map((length) => hex(length).example).join('-'),
);

/** @returns the source of a pattern that matches the text itself */
export function escaped(text: string): string {
  return text.replace(/[.\\+*?^$()[\]{}|/-]/g, '\\$&');
}
