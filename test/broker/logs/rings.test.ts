import { expect, test } from 'vitest';
import { createEarlyEnd, type EarlyEnd } from '../../../src/broker/connection/early-end.ts';
import type { Said } from '../../../src/broker/logs/ring.ts';
import { createRings, type Rings } from '../../../src/broker/logs/rings.ts';

const SIZE = 65_536;
const LARGEST = 16_777_216;
const SAID: Said = { time: 0, launch: 1, request: 'r', source: 'stderr', level: 'info' };
const NEVER = createEarlyEnd();
const LONG_MS = 1_000_000;

function made(drivers: readonly string[], size = SIZE): Rings {
  const rings = createRings();
  rings.configure(new Set(drivers), size);
  return rings;
}

function textsOf(rings: Rings, driver: string): string[] {
  const texts: string[] = [];
  rings.ring(driver)?.read(0, ({ text }) => texts.push(text) > 0);
  return texts;
}

test('each driver has its own ring; one that is not enabled has none', () => {
  const rings = made(['a', 'b']);
  for (const driver of ['a', 'b', 'c']) rings.push(driver, SAID, Buffer.from(`of ${driver}\n`));
  expect(['a', 'b', 'c'].map((driver) => textsOf(rings, driver))).toEqual([['of a'], ['of b'], []]);
});

test('what a driver said is forgotten when it is disabled, and stays over any other reload, also of the size', () => {
  const rings = made(['a', 'b']);
  rings.push('a', SAID, Buffer.from('one\ntwo\n'));
  rings.push('b', SAID, Buffer.from('other\n'));
  rings.configure(new Set(['a']), 2 * SIZE);
  expect(textsOf(rings, 'a')).toEqual(['one', 'two']);
  expect(rings.next('a')).toBe(2);
  rings.configure(new Set(['a', 'b']), 2 * SIZE);
  expect([textsOf(rings, 'b'), rings.next('b')]).toEqual([[], 0]);
});

test('all rings together have a bound: the one that was quiet longest gives way, and its numbers go on (invariant 14)', () => {
  const rings = made(['a', 'b', 'c', 'd', 'e'], LARGEST);
  for (const driver of ['a', 'b', 'c', 'd', 'a', 'e'])
    rings.push(driver, SAID, Buffer.from(`of ${driver}\n`));
  expect(textsOf(rings, 'a')).toEqual(['of a', 'of a']);
  expect([textsOf(rings, 'b'), rings.next('b')]).toEqual([[], 1]);
  rings.push('b', SAID, Buffer.from('again\n'));
  expect([rings.ring('b')?.first, rings.next('b')]).toEqual([1, 2]);
});

test('who waits is answered by a line of that driver, a reload, an end or its own, and not by another driver', async () => {
  const rings = made(['a', 'b']);
  const settled: string[] = [];
  const wait = (name: string, early: EarlyEnd = NEVER): Promise<unknown> =>
    rings.changed('a', LONG_MS, early).then(() => settled.push(name));
  const own = createEarlyEnd();
  const first = [wait('line'), wait('gone', own)];
  rings.push('b', SAID, Buffer.from('x\n'));
  own.end('disconnected');
  await first[1];
  expect(settled).toEqual(['gone']);
  rings.push('a', SAID, Buffer.from('x\n'));
  await first[0];
  const second = wait('reload');
  rings.configure(new Set(['a']), SIZE);
  await second;
  const third = wait('end');
  rings.wake();
  await third;
  await rings.changed('a', 1, NEVER);
  await rings.changed('not-enabled', LONG_MS, NEVER);
  expect(settled).toEqual(['gone', 'line', 'reload', 'end']);
});

test('no more than 64 calls wait at a time; others are answered at once (invariant 14)', async () => {
  const rings = made(['a']);
  const waiting = Array.from({ length: 64 }, () => rings.changed('a', LONG_MS, NEVER));
  await rings.changed('a', LONG_MS, NEVER);
  rings.wake();
  await Promise.all(waiting);
});
