import { describe, expect, test } from 'vitest';
import { createFlight, type Progress } from '../../../src/driverctl/ship/flight.ts';

const NOTHING: Progress = { taken: null, sent: null, missed: 0 };
const position = (seq: number) => ({
  segment: 1,
  seq,
  offset: 100 * seq,
  hash: seq.toString(16).padStart(64, '0'),
});

describe('what is in flight', () => {
  test('counts as sent once it is received, and as taken once a window of bytes was received behind it', () => {
    const flight = createFlight(250, NOTHING);
    for (let seq = 1; seq <= 5; seq += 1) flight.add(position(seq), 100 * seq);
    expect(flight.settle(0)).toEqual(NOTHING);
    expect(flight.settle(199)).toMatchObject({ taken: null, sent: { seq: 1 } });
    expect(flight.settle(349)).toMatchObject({ taken: null, sent: { seq: 3 } });
    expect(flight.settle(350)).toMatchObject({ taken: { seq: 1 }, sent: { seq: 3 } });
    expect(flight.settle(500)).toMatchObject({ taken: { seq: 2 }, sent: { seq: 5 } });
  });

  test('without a window is taken as soon as it is received', () => {
    const flight = createFlight(0, NOTHING);
    flight.add(position(1), 100);
    expect(flight.settle(100)).toMatchObject({ taken: { seq: 1 }, sent: { seq: 1 } });
  });

  test('does not take back what was sent over an earlier connection, unless the chain is another', () => {
    const from: Progress = { taken: position(2), sent: { seq: 9, hash: 'f'.repeat(64) }, missed: 0 };
    const flight = createFlight(0, from);
    flight.add(position(3), 100);
    expect(flight.settle(100)).toMatchObject({ taken: { seq: 3 }, sent: { seq: 9 } });
    flight.beginAnew();
    flight.add(position(1), 200);
    expect(flight.settle(200)).toMatchObject({ taken: { seq: 1 }, sent: { seq: 1 } });
  });

  test('counts what is missing with the record that comes after it', () => {
    const flight = createFlight(0, NOTHING);
    flight.add(position(1), 100);
    flight.miss(7);
    expect(flight.settle(150).missed).toBe(0);
    flight.add(position(9), 200);
    flight.add(position(10), 300);
    expect(flight.settle(300).missed).toBe(7);
    expect(flight.settle(300).missed).toBe(7);
  });

  test('is forgotten as it is taken', () => {
    const flight = createFlight(1_000, NOTHING);
    const wrong: number[] = [];
    for (let seq = 1; seq <= 10_000; seq += 1) {
      flight.add(position(seq), 100 * seq);
      const { taken } = flight.settle(100 * seq);
      if ((taken?.seq ?? 0) !== Math.max(0, seq - 10)) wrong.push(seq);
    }
    expect(wrong).toEqual([]);
  });
});
