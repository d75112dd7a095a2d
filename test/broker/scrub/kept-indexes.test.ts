import { expect, test } from 'vitest';
import { keepIndexes } from '../../../src/broker/scrub/kept-indexes.ts';

const encoded = (name: string, value: string): { name: string; value: string } => ({
  name,
  value: Buffer.from(value).toString('base64'),
});

test('launches that were given the same secrets share an index, until the last one gives it back', () => {
  const indexes = keepIndexes();
  const [first, second] = [0, 1].map(() => indexes.borrow([encoded('a', 'swordfish-1')]));
  expect(second?.known).toBe(first?.known);
  first?.giveBack();
  first?.giveBack();
  expect(indexes.count).toBe(1);
  expect(indexes.borrow([encoded('a', 'swordfish-1')]).known).toBe(second?.known);
  expect(indexes.count).toBe(1);
});

test('an index is forgotten with its last launch', () => {
  const indexes = keepIndexes();
  const first = indexes.borrow([encoded('a', 'swordfish-1')]);
  first.giveBack();
  expect(indexes.count).toBe(0);
  expect(indexes.borrow([encoded('a', 'swordfish-1')]).known).not.toBe(first.known);
});

test('a secret of another name or value makes another index, and no more than a few are kept', () => {
  const indexes = keepIndexes();
  const borrowed = Array.from({ length: 40 }, (_, at) => indexes.borrow([encoded(`a${at}`, 'swordfish-1')]));
  borrowed.push(indexes.borrow([encoded('a0', 'swordfish-2')]));
  expect(new Set(borrowed.map(({ known }) => known)).size).toBe(41);
  expect(indexes.count).toBe(16);
  for (const { giveBack } of borrowed.reverse()) giveBack();
  expect(indexes.count).toBe(0);
});
