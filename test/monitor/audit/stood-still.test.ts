import { closeSync, openSync, readSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  decide,
  makeAppendingMemory,
  viewAppendingMemory,
} from '../../../src/monitor/audit/appending-memory.ts';
import { holdNoticePipe } from '../../../src/monitor/audit/notice-pipe.ts';
import { makeNonblockingPipe } from '../../../src/posix/pipes.ts';
import { makePlaces } from '../../shared/audit/made-log.ts';

const STALL_MS = 500;
/** Longer than a disk may take, and so short that a stopped process is not known by it alone. */
const STOOD_STILL_MS = 900;
const TURNS = 50;

function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('a record of which the broker was told is refused by nobody, though the monitor stood still meanwhile (invariant 11)', async () => {
  const places = makePlaces();
  const log = await places.open({ stallMs: STALL_MS });
  const { read, write } = makeNonblockingPipe();
  const pipe = holdNoticePipe(write);
  await log.append('session', {}, {}, true);
  const appending = log.append('session', {}, {}, true, { pipe, serial: 7 });
  // Until the thread has it.
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
  standStill(STOOD_STILL_MS);
  const told = Buffer.alloc(12);
  expect(readSync(read.number, told)).toBe(6);
  expect(told.readUIntBE(0, 6)).toBe(7);
  expect(await appending).toMatchObject({ isTold: true });
  expect(log.state).toBe('writing');
  pipe.close();
  read.close();
  await log.close();
  expect(await places.verify()).toMatchObject({ ok: true, recoveries: 0 });
});

test.each([
  ['stands', 'givenUp'],
  ['givenUp', 'stands'],
] as const)('of an addition that %s it is not decided later that it %s', (first, second) => {
  const memory = viewAppendingMemory(makeAppendingMemory(1));
  expect([decide(memory, first), decide(memory, second), decide(memory, first)]).toEqual([
    true,
    false,
    false,
  ]);
});

test('a descriptor of /dev/null is no pipe: it is told nothing that anybody hears, and the record stands', async () => {
  const places = makePlaces();
  const log = await places.open();
  const file = openSync('/dev/null', 'r');
  const pipe = { take: () => file, giveBack: () => undefined, close: () => undefined };
  expect(await log.append('session', {}, {}, true, { pipe, serial: 1 })).toMatchObject({ isTold: false });
  closeSync(file);
  await log.close();
  expect(await places.verify()).toMatchObject({ ok: true });
});
