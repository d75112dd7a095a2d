import { expect, test } from 'vitest';
import { scrubLaunch } from '../../../src/broker/launch/launch-scrubber.ts';
import type { Scrubber } from '../../../src/broker/scrub/scrubber.ts';
import { SECRET, scrubber } from './fixtures.ts';

function fault(): never {
  throw new RangeError(`Cannot look at ${SECRET}`);
}

/** A scrubber that fails at everything, as a fault of ours would have it. */
const broken: Scrubber = {
  ...{ bytes: fault, text: fault, value: fault, mayHoldSecret: fault, pointer: fault },
  bytesInTurns: () => Promise.reject(new RangeError(SECRET)),
  valueInTurns: () => Promise.reject(new RangeError(SECRET)),
  stream: () => ({ write: fault, end: fault, counts: new Map(), passed: 0 }),
};

test('what cannot be scrubbed is dropped, counted and told, and nothing is thrown (invariant 10)', async () => {
  const faults: unknown[] = [];
  const launch = scrubLaunch(broken, (error) => void faults.push(error));
  const bytes = Buffer.from(SECRET);
  const stream = launch.stream();
  const passed = [
    ...[stream.write(bytes), stream.write(bytes), stream.end()].map(String),
    String(launch.bytes(bytes).bytes),
    String((await launch.bytesInTurns(bytes, false)).bytes),
    launch.text(SECRET).text,
    launch.value(SECRET).value,
    (await launch.valueInTurns({ a: SECRET })).value,
    launch.pointer(`/${SECRET}`).pointer,
  ];
  const mark = '[REDACTED:scrubber-failed]';
  expect(passed).toEqual([mark, '', '', mark, mark, mark, mark, mark, `/${mark}`]);
  expect(launch.mayHoldSecret(bytes)).toBe(true);
  expect(launch.hasFailed).toBe(true);
  expect(faults).toHaveLength(8);
  expect([...launch.counts]).toEqual([['scrubber-failed', 8]]);
});

test('what is found is counted, and of streams what is added', async () => {
  const launch = scrubLaunch(scrubber(), () => expect.unreachable());
  launch.text(SECRET);
  await launch.valueInTurns([SECRET, { a: SECRET }]);
  await launch.bytesInTurns(Buffer.from(SECRET), false);
  const stream = launch.stream();
  stream.write(Buffer.from(SECRET));
  stream.end();
  expect(launch.counts.get('token')).toBe(4);
  launch.count(stream.counts);
  expect(launch.counts.get('token')).toBe(5);
  expect(launch.hasFailed).toBe(false);
});
