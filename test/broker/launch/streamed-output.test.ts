import { describe, expect, test } from 'vitest';
import type { Chunks } from '../../../src/broker/launch/chunks.ts';
import { STREAM_LINE_BYTES, streamOutput } from '../../../src/broker/launch/streamed-output.ts';
import { textOrBytes, wholeCharacters } from '../../../src/broker/launch/text-or-bytes.ts';
import { bytesOf } from '../../support/stream-client.ts';
import { SECRET, scrubber } from './fixtures.ts';

/** Keeps what is sent. */
function kept(): Chunks & { readonly content: Record<string, unknown>[]; readonly lengths: number[] } {
  const [content, lengths]: [Record<string, unknown>[], number[]] = [[], []];
  return {
    content,
    lengths,
    async send(one, bytes) {
      content.push(one);
      lengths.push(bytes);
    },
    stop: () => undefined,
    isStopped: false,
    sent: { chunks: 0, bytes: 0 },
  };
}

async function streamed(given: Uint8Array, pieceBytes: number, form: 'text' | 'lines') {
  const chunks = kept();
  const output = streamOutput(scrubber().stream(), chunks, form);
  for (let from = 0; from < given.length && output.wrong === null; from += pieceBytes)
    await output.take(given.subarray(from, from + pieceBytes));
  await output.end(false);
  return { ...chunks, wrong: output.wrong };
}

const MIXED = Buffer.concat([
  Buffer.from(`ä漢🙂 ${SECRET}\n\n`.repeat(40)),
  Buffer.from([0xf0, 0x9f, 0x99]),
  Buffer.from('\u0000end'),
]);

test('whole characters are the same bytes at any cut, and no character of UTF-8 is cut', () => {
  const given = Buffer.from('aä漢🙂'.repeat(30));
  for (let size = 1; size < 12; size += 1) {
    const whole = wholeCharacters();
    const pieces: Buffer[] = [];
    for (let from = 0; from < given.length; from += size)
      pieces.push(Buffer.from(whole.push(given.subarray(from, from + size))));
    pieces.push(whole.end());
    expect(Buffer.concat(pieces).equals(given)).toBe(true);
    expect(pieces.every((piece) => typeof textOrBytes(piece) === 'string')).toBe(true);
  }
});

describe('a streamed output', () => {
  test.each([1, 7, 100, 16_384])(
    'is the same in pieces of %d bytes, scrubbed (invariant 10)',
    async (size) => {
      const { content, lengths } = await streamed(MIXED, size, 'text');
      const bytes = Buffer.concat(content.map(({ data }) => bytesOf(data)));
      const expected = Buffer.concat([
        Buffer.from('ä漢🙂 [REDACTED:token]\n\n'.repeat(40)),
        Buffer.from([0xf0, 0x9f, 0x99]),
        Buffer.from('\u0000end'),
      ]);
      expect(bytes.equals(expected)).toBe(true);
      expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(expected.length);
    },
  );

  test('has no chunk of more than 32 KiB', async () => {
    const { lengths } = await streamed(Buffer.alloc(1_000_000, 'word '), 300_000, 'text');
    expect(Math.max(...lengths)).toBeLessThanOrEqual(32_768);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(1_000_000);
  });

  test.each([1, 5, 16_384])('of lines is whole lines, in pieces of %d bytes', async (size) => {
    const given = Buffer.from(`one\n\nzwölf ${SECRET}\nlast`);
    const { content, wrong } = await streamed(given, size, 'lines');
    expect(wrong).toBeNull();
    expect(content.flatMap(({ lines }) => lines)).toEqual(['one', '', 'zwölf [REDACTED:token]', 'last']);
  });

  test('of lines is bounded in its lines, and is text', async () => {
    const long = await streamed(Buffer.alloc(STREAM_LINE_BYTES + 1, 'x'), 16_384, 'lines');
    expect([long.wrong, long.content]).toEqual(['line-length', []]);
    const bytes = await streamed(Buffer.from([0x61, 0x0a, 0xff, 0x0a]), 1, 'lines');
    expect(bytes.wrong).toBe('lines');
  });
});
