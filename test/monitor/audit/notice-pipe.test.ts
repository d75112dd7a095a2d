import { expect, test } from 'vitest';
import { holdNoticePipe } from '../../../src/monitor/audit/notice-pipe.ts';
import { makeNonblockingPipe } from '../../../src/posix/pipes.ts';

test('a pipe that its broker left stays open while a thread may write to it: its number would be another file', () => {
  const { read, write } = makeNonblockingPipe();
  const pipe = holdNoticePipe(write);
  expect([pipe.take(), pipe.take()]).toEqual([write.number, write.number]);
  pipe.close();
  expect(pipe.take()).toBeNull();
  pipe.giveBack();
  expect(write.isOpen).toBe(true);
  pipe.giveBack();
  expect(write.isOpen).toBe(false);
  read.close();
});

test('a pipe that nobody has is closed at once, and once', () => {
  const { read, write } = makeNonblockingPipe();
  const pipe = holdNoticePipe(write);
  pipe.take();
  pipe.giveBack();
  expect(write.isOpen).toBe(true);
  pipe.close();
  expect(write.isOpen).toBe(false);
  pipe.close();
  expect(pipe.take()).toBeNull();
  read.close();
});
