import { expect, test } from 'vitest';
import { createGenerations } from '../../../src/monitor/configuration/generations.ts';
import type { Generation } from '../../../src/monitor/configuration/load.ts';
import { createReloader } from '../../../src/monitor/configuration/reloader.ts';

const generation = (number: number): Generation =>
  ({ number, drivers: new Map([['echo', { wallMs: 10 }]]) }) as unknown as Generation;

test('a reload that fails inside leaves the next one possible (invariant 15)', async () => {
  let broken = true;
  const taken: number[] = [];
  const reload = createReloader(1, {
    load: generation,
    async offer() {
      if (broken) throw new Error('a fault');
      return { type: 'accepted', generation: 2, changes: [], changeCount: 0 };
    },
    async taken(next) {
      taken.push(next.number);
    },
    refused: () => undefined,
  });
  await expect(reload()).rejects.toThrow('a fault');
  broken = false;
  await reload();
  expect(taken).toHaveLength(1);
});

test('a superseded configuration can be named until it is retired; the next broker knows only what runs', () => {
  const generations = createGenerations(generation(1));
  generations.offer(generation(2));
  expect(generations.retire(2)).toBe(false);
  generations.take(generation(2));
  expect(generations.get(1)?.number).toBe(1);
  expect(generations.retire(1)).toBe(true);
  expect(generations.get(1)).toBeUndefined();
  generations.offer(generation(3));
  generations.keepCurrent();
  expect([1, 2, 3].map((number) => generations.get(number)?.number)).toEqual([undefined, 2, undefined]);
});
