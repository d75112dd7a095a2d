/** One token of Cedar text: a word, a whole string literal with its quotes, `::`, or any other single character. */
export interface PolicyToken {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
  /** Index of its first UTF-16 code unit in the text. */
  readonly start: number;
}

const WHITE_SPACE = /\s/;
const WORD_START = /[A-Za-z_]/;
const WORD = /[A-Za-z0-9_]/;

function endOfComment(text: string, start: number): number {
  let end = start;
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end += 1;
  return end;
}

function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return Math.min(end + 1, text.length);
}

function endOfWord(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && WORD.test(text[end] ?? '')) end += 1;
  return end;
}

/**
 * The tokens of Cedar policy text, without white space and comments, in time linear in its length. It judges
 * nothing: what is not Cedar comes out as single marks, and an unclosed string ends with the text.
 *
 * Source: Cedar's lexer (cedar-policy/cedar, cedar-policy-core/src/parser/grammar.lalrpop, the `match` block):
 * a comment runs from `//` to a line feed or carriage return, and a backslash in a string takes the next character.
 */
export function* policyTokens(text: string): Generator<PolicyToken> {
  let at = 0;
  while (at < text.length) {
    const start = at;
    const character = text[at] ?? '';
    if (WHITE_SPACE.test(character)) {
      at += 1;
    } else if (text.startsWith('//', at)) {
      at = endOfComment(text, at);
    } else if (character === '"') {
      at = endOfString(text, at);
      yield { kind: 'string', text: text.slice(start, at), start };
    } else if (WORD_START.test(character)) {
      at = endOfWord(text, at);
      yield { kind: 'word', text: text.slice(start, at), start };
    } else {
      at += text.startsWith('::', at) ? 2 : 1;
      yield { kind: 'mark', text: text.slice(start, at), start };
    }
  }
}
