import { Writable } from 'node:stream';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createJournal, type Journal } from '../../../src/broker/logs/journal.ts';
import type { Said } from '../../../src/broker/logs/ring.ts';

const MINUTE_MS = 60_000;
const SAID: Said = { time: 0, launch: 7, request: 'r-1', source: 'stderr', level: 'info' };

function written(level = 'info'): { readonly journal: Journal; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()));
      done();
    },
  });
  const journal = createJournal(pino({ level, base: null, timestamp: false }, stream));
  journal.allowance.bytesPerMinute = 4_096;
  return { journal, lines };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('what a driver says in the operational log', () => {
  test('stands with driver, launch, request, source and level, a line each, but for empty ones', () => {
    const { journal, lines } = written();
    journal.write('disk', SAID, Buffer.from('one\n\n\r\ntwo \x1b\n'));
    journal.write('disk', { ...SAID, source: 'log', level: 'error' }, Buffer.from('three\n'));
    const about = { driver: 'disk', launch: 7, request: 'r-1', msg: 'a driver said' };
    expect(lines).toEqual([
      { ...about, level: 30, source: 'stderr', text: 'one' },
      { ...about, level: 30, source: 'stderr', text: 'two \\x1b' },
      { ...about, level: 50, source: 'log', text: 'three' },
    ]);
  });

  test('says where a long line goes on', () => {
    const { journal, lines } = written();
    journal.allowance.bytesPerMinute = 65_536;
    journal.write('disk', SAID, Buffer.from(`${'x'.repeat(5_000)}\n`));
    expect(lines.map(({ text, more }) => [String(text).length, more])).toEqual([
      [4_096, true],
      [904, undefined],
    ]);
  });

  test('is left out below the level, and does not count then', () => {
    const { journal, lines } = written('warn');
    for (let line = 0; line < 1_000; line += 1) journal.write('disk', SAID, Buffer.from('x\n'));
    journal.write('disk', { ...SAID, level: 'warn' }, Buffer.from('heard\n'));
    expect(lines.map(({ text }) => text)).toEqual(['heard']);
  });

  test('is bounded for each minute, and what was left out is counted once the minute is over (D6)', () => {
    const { journal, lines } = written();
    journal.write('disk', SAID, Buffer.from('short\n'.repeat(1_000)));
    const fits = Math.floor(4_096 / (256 + 5));
    expect(lines).toHaveLength(fits);
    vi.advanceTimersByTime(MINUTE_MS);
    expect(lines.slice(fits)).toEqual([
      {
        level: 40,
        ...{ driver: 'disk', lines: 1_000 - fits, bytes: 6 * (1_000 - fits) },
        msg: expect.stringContaining('left out'),
      },
    ]);
    journal.write('disk', SAID, Buffer.from('again\n'));
    expect(lines.at(-1)?.['text']).toBe('again');
    vi.advanceTimersByTime(10 * MINUTE_MS);
    expect(lines).toHaveLength(fits + 2);
  });

  test('of one driver leaves room for others, and of all together there is a bound too (D6)', () => {
    const { journal, lines } = written();
    const flood = Buffer.from('short\n'.repeat(1_000));
    for (const driver of ['a', 'b', 'c', 'd', 'e', 'f']) journal.write(driver, SAID, flood);
    const perDriver = Map.groupBy(lines, ({ driver }) => driver);
    expect(perDriver.get('d')?.length).toBe(perDriver.get('a')?.length);
    expect(perDriver.get('f') ?? []).toEqual([]);
    expect(lines.length * 256).toBeLessThanOrEqual(4 * 4_096);
    journal.allowance.flush();
    expect(lines.filter(({ level }) => level === 40).map(({ driver }) => driver)).toEqual([
      ...['a', 'b', 'c', 'd', 'e', 'f'],
    ]);
  });

  test('has no holes: behind the first line that was left out all of that minute are', () => {
    const { journal, lines } = written();
    journal.write('disk', SAID, Buffer.from(`a\n${'x'.repeat(4_090)}\nb\n`));
    expect(lines.map(({ text }) => text)).toEqual(['a']);
  });

  test('is nothing where the limit is 0, and nothing is counted', () => {
    const { journal, lines } = written();
    journal.allowance.bytesPerMinute = 0;
    journal.write('disk', SAID, Buffer.from('a\n'));
    vi.advanceTimersByTime(2 * MINUTE_MS);
    expect(lines).toEqual([]);
  });
});
