import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LONGEST_LINE } from '../../../src/broker/logs/lines.ts';
import { wholeLines } from '../../../src/broker/logs/whole-lines.ts';

/** What is passed on of these chunks, before and after the end. */
function passed(chunks: readonly Uint8Array[]): { readonly before: string[]; readonly after: string[] } {
  const seen: string[] = [];
  const lines = wholeLines((bytes) => void seen.push(Buffer.from(bytes).toString('latin1')));
  for (const chunk of chunks) lines.push(chunk);
  const before = [...seen];
  lines.end();
  return { before, after: seen.slice(before.length) };
}

test('lines are passed on when they have ended, the last one at the end', () => {
  const chunks = ['a', 'b\nc', '\n\nd'].map((text) => Buffer.from(text));
  expect(passed(chunks)).toEqual({ before: ['ab\n', 'c\n\n'], after: ['d\n'] });
  expect(passed([Buffer.from('a\n')])).toEqual({ before: ['a\n'], after: [] });
});

test('a line that never ends is passed on in parts, and no more than two of them are held', () => {
  let held = 0;
  const lines = wholeLines((bytes) => {
    held -= bytes.length;
  });
  for (let chunk = 0; chunk < 1_000; chunk += 1) {
    held += 1_000;
    lines.push(Buffer.alloc(1_000, 'x'));
    expect(held).toBeLessThanOrEqual(2 * LONGEST_LINE);
  }
});

test('nothing is lost or changed, whatever chunks the bytes come in', () => {
  const piece = fc.oneof(
    fc.constantFrom('\n', 'ab', 'ä\n'),
    fc.nat(9_000).map((length) => 'z'.repeat(length)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (texts) => {
      const all = texts.join('');
      const { before, after } = passed(texts.map((text) => Buffer.from(text)));
      const end = all === '' || all.endsWith('\n') ? '' : '\n';
      expect([...before, ...after].join('')).toBe(Buffer.from(all + end).toString('latin1'));
      for (const text of before) expect(text.endsWith('\n') || text.length >= LONGEST_LINE - 3).toBe(true);
    }),
  );
});

test('what was given may be written over by who gave it', () => {
  const seen: string[] = [];
  const lines = wholeLines((bytes) => void seen.push(Buffer.from(bytes).toString()));
  const chunk = Buffer.from('begun');
  lines.push(chunk);
  chunk.fill('!');
  lines.end();
  expect(seen).toEqual(['begun\n']);
});
