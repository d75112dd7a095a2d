import { expect, test } from 'vitest';
import { createKeywords } from '../../../src/broker/scrub/keywords.ts';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';

const ALL = [...new Set(RULES.flatMap(({ keywords }) => keywords))];
const LONGEST = Math.max(...ALL.map(({ length }) => length));
const SHORTEST = 3;

/** Each word at its place, as `place:word` in order of the places, found by asking the simple way. */
function expected(words: ReadonlySet<string>, text: string, from: number, to: number): string[] {
  const lower = text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const found: string[] = [];
  for (let at = from; at < to; at += 1)
    for (let length = SHORTEST; length <= Math.min(LONGEST, to - at); length += 1) {
      const word = lower.slice(at, at + length);
      if (words.has(word)) found.push(`${at}:${word}`);
    }
  return found.toSorted();
}

function finds(words: readonly string[]): (text: string, from?: number, to?: number) => void {
  const [keywords, set] = [createKeywords(words), new Set(words)];
  return (text, from = 0, to = text.length) => {
    const bytes = Buffer.from(text, 'latin1');
    const found: string[] = [];
    const places: number[] = [];
    keywords.all(bytes, from, to, (word, at) => {
      found.push(`${at}:${words[word]}`);
      places.push(at);
    });
    expect([text, found.toSorted()]).toEqual([text, expected(set, text, from, to)]);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(keywords.next(bytes, from, to)).toBe(places[0] ?? -1);
  };
}

test('each keyword of all rules is found by itself, in a line, at its end and in capitals (invariant 10)', () => {
  const check = finds(ALL);
  for (const word of ALL)
    for (const text of [word, `${word}\n`, `: ${word}= ${word}`, `\xe9 ${word.toUpperCase()}.`]) check(text);
});

test('what begins as a keyword does and goes on otherwise is none, and hides no other (invariant 10)', () => {
  const check = finds(ALL);
  for (const [at, word] of ALL.entries()) {
    const other = ALL[(7 * at + 1) % ALL.length] ?? '';
    for (const cut of [1, 3, 5, 7]) check(`${word.slice(0, cut)}${other} ${word.slice(0, -1)}~${other}`);
  }
});

test('a keyword that begins before a range or goes beyond it is not told (invariant 10)', () => {
  const check = finds(ALL);
  const text = 'password=token secret_key api-key';
  for (let from = 0; from <= text.length; from += 1)
    for (let to = from; to <= text.length; to += 1) check(text, from, to);
});

test('a few keywords, of three characters or that share their beginnings, are all told (invariant 10)', () => {
  for (const words of [
    ['abc'],
    ['abcd'],
    ['abc', 'abcd', 'abcde', 'abcdefgh', 'abcdefghi', 'bcd'],
    ['abcdx', 'abcdy'],
  ]) {
    const check = finds(words);
    for (const text of ['', 'abc', 'abcd', 'xabcdefghi', 'ABCDEFGHIJKL', 'abcdy abcdx abcdz', 'abcabcdabcde'])
      check(text);
  }
});
