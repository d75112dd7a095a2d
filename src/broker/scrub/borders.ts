/** How far before a token what stands there can decide whether a token begins, in bytes: an escape or a colour. */
export const BORDER_BEFORE = 16;
/** How far behind it, in bytes: base64 is decoded so far. */
export const BORDER_BEHIND = 8;

/** Ends with a letter or digit, and yet what follows begins a token: colours (ECMA-48), escapes, percent encoding. */
const ESCAPE_BEFORE =
  /(?:\x1b\[[0-9;]{0,12}m|\\[abefnrtv]|\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[0-3][0-7]{2}|%[0-9a-f]{2})$/i;
const WORD_A = 0x41;

/** Whether neither a letter nor a digit stands before or behind this place. */
export function hasBorders(bytes: Uint8Array, start: number, end: number): boolean {
  if (isWord(bytes[end])) return false;
  if (!isWord(bytes[start - 1])) return true;
  return ESCAPE_BEFORE.test(latin1(bytes, Math.max(0, start - BORDER_BEFORE), start));
}

/** Whether the base64 around this place decodes to something that holds the value as a whole token. */
export function isEncoded(value: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  let [first, behind] = [start, end];
  while (start - first < BORDER_BEHIND && isBase64(bytes[first - 1])) first -= 1;
  while (behind - end < BORDER_BEHIND && isBase64(bytes[behind])) behind += 1;
  const text = latin1(bytes, first, behind);
  return [0, 1, 2, 3].some((skipped) => {
    const decoded = Buffer.from(text.slice(skipped), 'base64');
    const at = decoded.indexOf(value);
    if (at < 0) return false;
    const before = at === 0 && skipped > 0 ? WORD_A : decoded[at - 1];
    return !isWord(before) && !isWord(decoded[at + value.length]);
  });
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}

function isWord(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9_]/.test(String.fromCharCode(byte));
}

function isBase64(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9+/_-]/.test(String.fromCharCode(byte));
}
