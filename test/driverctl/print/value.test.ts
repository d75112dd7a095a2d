import { describe, expect, test } from 'vitest';
import { humanText } from '../../../src/driverctl/print/value.ts';

describe('a value for eyes', () => {
  test('has names and values aligned', () => {
    expect(humanText({ path: '/srv', 'bytes total': 12, ok: true, none: null })).toBe(
      'path         /srv\nbytes total  12\nok           true\nnone         -\n',
    );
  });

  test('has a table for an array of objects, with the keys of all of them', () => {
    expect(
      humanText([
        { name: 'a', size: 10 },
        { name: 'long', tags: ['x', 'y'] },
      ]),
    ).toBe('name  size  tags\na     10    -\nlong  -     x,y\n');
  });

  test('is indented where it is nested', () => {
    expect(
      humanText({ audit: { state: 'writing', refused: 0 }, drivers: [{ name: 'disk' }], empty: [] }),
    ).toBe('audit\n  state    writing\n  refused  0\ndrivers\n  name\n  disk\nempty  -\n');
  });

  test('keeps the lines of a text', () => {
    expect(humanText({ exit_status: 0, stdout: 'one\ntwo\n' })).toBe(
      'exit_status  0\nstdout\n  one\n  two\n',
    );
    expect(humanText({ stdout: 'one\n' })).toBe('stdout  one\n');
    expect(humanText('one\ntwo\n')).toBe('one\ntwo\n');
  });

  test('is a list where items are no objects of one kind', () => {
    expect(humanText([1, 2, 3])).toBe('1, 2, 3\n');
    expect(humanText([1, { a: 1, b: 2 }, ['x']])).toBe('- 1\n- a  1\n  b  2\n- x\n');
  });

  test.each([
    [null, '-\n'],
    [false, 'false\n'],
    [0, '0\n'],
    ['', '\n'],
    [{}, '-\n'],
    [[], '-\n'],
  ])('is %j where there is nothing to align', (value, text) => {
    expect(humanText(value)).toBe(text);
  });

  test('has control characters escaped wherever they stand (U1, U2)', () => {
    const evil = 'a\x1b[2J\r\x9b\u202eb';
    const values = [
      evil,
      { [evil]: evil },
      [{ [evil]: evil }],
      [{ key: [evil] }],
      [{ key: { [evil]: 1 } }],
      [[evil], 1],
    ];
    for (const value of values) expect(humanText(value)).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/u);
  });

  test('keeps a line break out of names and table cells (U1)', () => {
    expect(humanText([{ name: 'a\nb' }])).toBe('name\na\\nb\n');
    expect(humanText({ 'a\nb': 1 })).toBe('a\\nb  1\n');
  });

  test('does not become a table where that would be far larger than the value (U5)', () => {
    const rows = Array.from({ length: 2_000 }, (_, row) => ({ [`key${row}`]: row }));
    expect(humanText(rows).length).toBeLessThan(60_000);
    const wide = [
      { a: 'x'.repeat(100_000), b: 1 },
      ...Array.from({ length: 1_000 }, () => ({ a: 'y', b: 2 })),
    ];
    expect(humanText(wide).length).toBeLessThan(200_000);
  });
});
