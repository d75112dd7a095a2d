/**
 * What a terminal would act on or hide: C0, DEL and C1 controls (ECMA-48: ESC, CSI and OSC in their 7-bit and 8-bit
 * forms; CVE-2021-25743), bidi and other format characters (Unicode TR36, "Trojan Source" CVE-2021-42574), line and
 * paragraph separators, everything that Unicode lets a display leave out (zero-width, fillers, variation selectors,
 * tags), and lone surrogates, which are no text.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

function escapedCodePoint(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code === 0x0a) return '\\n';
  if (code === 0x0d) return '\\r';
  if (code === 0x09) return '\\t';
  return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * Text that is safe to print on a terminal: each unsafe character becomes a visible escape (`\x1b`, `\u{202e}`).
 * A backslash stays as it is, so the result is for eyes, not for reading back.
 *
 * @param text any string, lone surrogates included
 * @param options.keepNewlines leave line feed and tab as they are, for text of several lines (default false)
 */
export function escapeForTerminal(text: string, options: { readonly keepNewlines?: boolean } = {}): string {
  const keepNewlines = options.keepNewlines ?? false;
  return text.replace(unsafe, (character) =>
    keepNewlines && (character === '\n' || character === '\t') ? character : escapedCodePoint(character),
  );
}

/**
 * JSON text that is safe to print on a terminal and still means the same: outside strings JSON has no unsafe
 * character but white space, and inside strings RFC 8259 section 7 allows `\uXXXX` for any of them.
 *
 * @param text JSON text (RFC 8259), with line feeds at most between its tokens
 */
export function escapeJsonForTerminal(text: string): string {
  return text.replace(unsafe, (character) => (character === '\n' ? character : jsonEscape(character)));
}

function jsonEscape(character: string): string {
  let escaped = '';
  for (let unit = 0; unit < character.length; unit += 1) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
