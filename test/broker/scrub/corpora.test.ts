import { describe, expect, test } from 'vitest';
import { SECRET_CORPORA } from '../../support/corpora.ts';
import { CORPUS_BOUNDS, LOG_BOUNDS } from '../../support/corpus-bounds.ts';
import { changedIn, recallOn } from '../../support/corpus-scores.ts';
import { isHalfLeft, isLeft } from '../../support/left-of-secret.ts';
import { isRecoverable } from '../../support/recoverable.ts';

/** Both are shares of a hundred. */
const percent = (part: number, whole: number): number => (100 * part) / whole;

describe('what other projects wrote to test their own rules', () => {
  test.each(SECRET_CORPORA)('%s: of its secrets enough are masked, whole', (corpus) => {
    const { rows, found } = recallOn(corpus);
    expect(rows).toBeGreaterThan(50);
    expect(percent(found, rows)).toBeGreaterThanOrEqual(CORPUS_BOUNDS[corpus].recall);
  });

  test.each(SECRET_CORPORA)('%s: of its texts without secrets few are changed', (corpus) => {
    const { rows, changed } = changedIn(corpus);
    expect(rows).toBeGreaterThan(40);
    expect(percent(changed, rows)).toBeLessThanOrEqual(CORPUS_BOUNDS[corpus].changed);
  });
});

test('of a thousand lines of real CI jobs at most one is changed', () => {
  const { rows, changed } = changedIn(LOG_BOUNDS.corpus);
  expect(rows).toBeGreaterThan(1_500);
  expect(percent(changed, rows)).toBeLessThanOrEqual(LOG_BOUNDS.changed);
});

describe('the measures themselves', () => {
  test('a secret counts as left where half of it is, and not where that stands elsewhere in the text', () => {
    const secret = 'swordfish-and-chips';
    expect(isLeft(`a ${secret} b`, secret, 'a [REDACTED:x] b')).toBe(false);
    expect(isLeft(`a ${secret} b`, secret, 'a [REDACTED:x]and-chips b')).toBe(false);
    expect(isHalfLeft(`a ${secret} b`, secret, 'a [REDACTED:x]h-and-chips b')).toBe(true);
    expect(isLeft(`a ${secret} b`, secret, 'a [REDACTED:x]h-and-chips b')).toBe(true);
    expect(isLeft(`h-and-chips ${secret} b`, secret, 'h-and-chips [REDACTED:x] b')).toBe(false);
    expect(isLeft(secret, secret, secret)).toBe(true);
  });

  const value = 'it\'s "a\\b" <c> & dé/20%';
  const base64 = Buffer.from(`x${value}`).toString('base64');
  test.each([
    ['as it is', `x ${value} y`],
    ['as JSON in JSON', JSON.stringify(JSON.stringify({ value }))],
    ['percent-encoded twice', encodeURIComponent(encodeURIComponent(value))],
    ['in base64', base64],
    ['in base64 of base64', Buffer.from(base64).toString('base64')],
    ['as a dump', `<Buffer ${Buffer.from(value).toString('hex').replaceAll(/../g, '$& ')}>`],
    ['reversed', [...value].reverse().join('')],
    ['in capitals', value.toUpperCase()],
    ['halved', value.slice(0, 14)],
    ['folded', value.replaceAll(/.{8}/g, '$&\n')],
  ])('a value that stands there %s can be read, and one that does not cannot', (_form, text) => {
    expect(isRecoverable(Buffer.from(text).toString('latin1'), Buffer.from(value).toString('latin1'))).toBe(
      true,
    );
    expect(isRecoverable(text, 'another value')).toBe(false);
  });
});
