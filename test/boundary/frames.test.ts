import { expect, test } from 'vitest';
import { createFrameReader, encodeFrame, encodeFrames } from '../../src/boundary/frames.ts';

const BODIES = ['{"a":1}', '"ü😀"', 'x'.repeat(300), '0', 'y'.repeat(64)];

function startReader(maximumBytes = 1_000): {
  reader: ReturnType<typeof createFrameReader>;
  bodies: string[];
  broken: string[];
} {
  const bodies: string[] = [];
  const broken: string[] = [];
  const reader = createFrameReader(
    maximumBytes,
    (body) => bodies.push(body.toString()) > 0,
    (why) => broken.push(why),
  );
  return { reader, bodies, broken };
}

test.each([1, 2, 3, 5, 64, 10_000])('frames come out whole and in order from pieces of %i bytes', (piece) => {
  const stream = encodeFrames(BODIES);
  const { reader, bodies } = startReader();
  for (let at = 0; at < stream.length; at += piece) {
    reader.push(stream.subarray(at, at + piece));
    while (reader.read(2));
  }
  expect(bodies).toEqual(BODIES);
});

test('no more frames are given at a time than are asked for, and what is behind them is kept', () => {
  const { reader, bodies } = startReader();
  reader.push(encodeFrames(BODIES));
  expect(reader.read(2)).toBe(true);
  expect(bodies).toHaveLength(2);
  reader.push(encodeFrame('"later"'));
  while (reader.read(2));
  expect(bodies).toEqual([...BODIES, '"later"']);
  expect(reader.read(2)).toBe(false);
});

test.each([
  ['no length', Buffer.alloc(4)],
  ['more than is allowed', Buffer.from([0, 0, 3, 0xe9, 1, 2, 3])],
])('a frame of %s ends it, and nothing behind it is parsed (O13)', (_what, bad) => {
  const { reader, bodies, broken } = startReader();
  reader.push(Buffer.concat([encodeFrame('1'), bad, encodeFrame('2')]));
  while (reader.read(8));
  reader.push(encodeFrame('3'));
  expect(reader.read(8)).toBe(false);
  expect([bodies, broken]).toEqual([['1'], ['a frame of a length that is not allowed']]);
});
