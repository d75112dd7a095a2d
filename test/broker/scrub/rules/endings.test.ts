import { expect, test } from 'vitest';
import { endings } from '../../../../src/broker/scrub/rules/places/endings.ts';

const behind = (words: string): RegExp => new RegExp(`(?<=${endings(words)})$`);

test.each([
  ['url|page_?token', ['url', 'URL', 'baseUrl', 'pageToken', 'page_token'], ['ur', 'page-token', 'urls']],
  ['a\\.b|c-d', ['a.b', 'xA.B', 'c-d'], ['axb', 'cd']],
])('words are told from their ends, in both cases, and a sign is itself: %s', (words, ends, others) => {
  expect(ends.filter((text) => !behind(words).test(text))).toEqual([]);
  expect(others.filter((text) => behind(words).test(text))).toEqual([]);
});
