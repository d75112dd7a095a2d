import { describe, expect, test } from 'vitest';
import { escapeForTerminal, escapeJsonForTerminal } from '../../../src/shared/terminal/escape.ts';

const cases: readonly (readonly [name: string, text: string, escaped: string])[] = [
  ['plain text', 'disk.usage /srv', 'disk.usage /srv'],
  ['letters of other scripts', 'größe 容量 размер سعة', 'größe 容量 размер سعة'],
  ['combining marks', 'e\u0301', 'e\u0301'],
  ['an emoji', '\u{1f600}', '\u{1f600}'],
  ['a backslash', 'C:\\x1b', 'C:\\x1b'],
  ['a colour (CSI)', '\x1b[31mred\x1b[0m', '\\x1b[31mred\\x1b[0m'],
  ['a clipboard write (OSC 52)', '\x1b]52;c;cm0=\x07', '\\x1b]52;c;cm0=\\x07'],
  ['a title (OSC 0, ended by ST)', '\x1b]0;x\x1b\\', '\\x1b]0;x\\x1b\\'],
  ['an 8-bit CSI', '\x9b2J', '\\x9b2J'],
  ['an 8-bit OSC', '\x9d0;x\x9c', '\\x9d0;x\\x9c'],
  ['next line (C1)', '\x85', '\\x85'],
  ['a device control string', '\x1bP1$r\x1b\\', '\\x1bP1$r\\x1b\\'],
  ['a carriage return over a line', 'denied\rallowed', 'denied\\rallowed'],
  ['backspaces', 'rm\b\bls', 'rm\\x08\\x08ls'],
  ['a bell', '\x07', '\\x07'],
  ['a NUL', '\0', '\\x00'],
  ['DEL', '\x7f', '\\x7f'],
  ['form feed and vertical tab', '\f\v', '\\x0c\\x0b'],
  ['shift out', '\x0e', '\\x0e'],
  ['right-to-left override', 'a\u202eb', 'a\\u{202e}b'],
  ['bidi isolates', '\u2066\u2067\u2068\u2069', '\\u{2066}\\u{2067}\\u{2068}\\u{2069}'],
  ['bidi marks', '\u200e\u200f\u061c', '\\u{200e}\\u{200f}\\u{61c}'],
  ['zero-width space, joiner and non-joiner', '\u200b\u200c\u200d', '\\u{200b}\\u{200c}\\u{200d}'],
  ['word joiner and byte order mark', '\u2060\ufeff', '\\u{2060}\\u{feff}'],
  ['soft hyphen', '\u00ad', '\\xad'],
  ['combining grapheme joiner', '\u034f', '\\u{34f}'],
  ['Hangul fillers', '\u115f\u3164', '\\u{115f}\\u{3164}'],
  ['variation selectors', '\ufe0f\u{e0100}', '\\u{fe0f}\\u{e0100}'],
  ['tag characters', '\u{e0041}', '\\u{e0041}'],
  ['line and paragraph separators', '\u2028\u2029', '\\u{2028}\\u{2029}'],
  ['a lone high surrogate', 'a\ud800b', 'a\\u{d800}b'],
  ['a lone low surrogate', '\udc00', '\\u{dc00}'],
];

describe('text for a terminal', () => {
  test.each(cases)('shows %s without effect (U1, U2)', (_name, text, escaped) => {
    expect(escapeForTerminal(text)).toBe(escaped);
  });

  test('has newline and tab escaped, so that one line stays one', () => {
    expect(escapeForTerminal('a\nb\tc')).toBe('a\\nb\\tc');
  });

  test('keeps newline and tab, and nothing else, where several lines are meant', () => {
    expect(escapeForTerminal('a\nb\tc\r\n\x1b', { keepNewlines: true })).toBe('a\nb\tc\\r\n\\x1b');
  });

  test('has no C0, C1 or DEL left, whichever it was', () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join('');
    expect(escapeForTerminal(all)).not.toMatch(/[\x00-\x1f\x7f-\x9f]/u);
  });
});

describe('JSON for a terminal', () => {
  test.each(cases)('means the same with %s in a string and in a key (U1, U2)', (_name, text) => {
    const value = { [text]: [text, `${text}${text}`] };
    const escaped = escapeJsonForTerminal(JSON.stringify(value, null, 2));
    expect(JSON.parse(escaped)).toEqual(value);
    expect(escaped).not.toMatch(
      /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/u,
    );
  });
});
