/** Of so many characters of base64 at its end a line of a key is known, whatever stands before them. */
const KEY_CHARACTERS = 16;
const HEADER = /^[\w-]{1,64}: /;
/** Colours of terminals (ECMA-48, SGR). */
const ESCAPE = '\x1b';
const COLOURS = new RegExp(`${ESCAPE}\\[[\\d;]{0,12}[mK]`, 'g');
const LETTER_OR_DIGIT = /[A-Za-z0-9]/;
const OF_KEY = /[A-Za-z0-9+/=\\]/;
const DIGITS = /\d/g;
/** A longer prefix is none of a log. */
const LONGEST_PREFIX = 256;

/**
 * Whether the line may stand in a private key block between BEGIN and END: base64, as it is or with a log's prefix,
 * quotes, escaped line ends; or a header. In steps, since one expression for all of it takes time that grows faster than
 * the line.
 * @param prefix what stood before BEGIN in its line
 * @param headers whether headers may still come
 */
export function couldBeKey(line: string, prefix: string, headers: boolean): 'body' | 'header' | 'no' {
  const text = withoutPrefix(withoutColours(line), withoutColours(prefix).trimEnd()).trimEnd();
  let end = text.length;
  while (end > 0 && !LETTER_OR_DIGIT.test(text[end - 1] ?? '') && text[end - 1] !== '=') end -= 1;
  // An escaped line end (`\n`, `\\r\\n`) is no part of what the line ends with.
  while (end > 1 && /[rn]/.test(text[end - 1] ?? '') && text[end - 2] === '\\') {
    end -= 2;
    while (end > 0 && text[end - 1] === '\\') end -= 1;
  }
  let begin = end;
  while (begin > 0 && OF_KEY.test(text[begin - 1] ?? '')) begin -= 1;
  if (end - begin >= KEY_CHARACTERS) return 'body';
  // Nothing but marks of quoting may stand before the last, shorter line.
  if (!LETTER_OR_DIGIT.test(text.slice(0, begin))) return end > begin ? 'body' : 'header';
  return headers && HEADER.test(text) ? 'header' : 'no';
}

/** What stood before BEGIN stands before the other lines as well: the name of a source, or a time, which differs. */
function withoutPrefix(text: string, prefix: string): string {
  if (prefix === '' || prefix.length > LONGEST_PREFIX) return text;
  const own = text.slice(0, prefix.length);
  return own.replace(DIGITS, '0') === prefix.replace(DIGITS, '0')
    ? text.slice(prefix.length).trimStart()
    : text;
}

function withoutColours(text: string): string {
  return text.includes(ESCAPE) ? text.replace(COLOURS, '') : text;
}
