import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  followLog,
  type LogItem,
  type LogPlace,
  type LogPosition,
} from '../../../src/driverctl/audit/follow-log.ts';
import { placeOfLastLines } from '../../../src/driverctl/audit/last-lines.ts';
import { compressedPath } from '../../../src/shared/audit/segments.ts';
import { type PlayedLog, playLog } from './played-log.ts';

const POLL_MS = 5;

/** A follower whose items are taken one by one, as short words. */
function follow(log: PlayedLog, from: LogPosition | LogPlace | 'start' = 'start') {
  const stop = new AbortController();
  const items = followLog({ path: log.path, from, signal: stop.signal, pollMs: POLL_MS });
  onTestFinished(async () => {
    stop.abort();
    await items.return();
  });
  let position: LogPosition | undefined;

  async function next(): Promise<LogItem> {
    const { value } = await items.next();
    if (value === undefined) throw new Error('the follower has ended');
    if (value.kind === 'record') position = value.position;
    return value;
  }
  return {
    stop,
    items,
    next,
    get position(): LogPosition {
      if (position === undefined) throw new Error('no record has come');
      return position;
    },
    /** Up to the next time that all is given. */
    async words(): Promise<string[]> {
      const words: string[] = [];
      for (;;) {
        const item = await next();
        if (item.kind === 'caught-up') return words;
        words.push(wordOf(item));
      }
    },
  };
}

function wordOf(item: Exclude<LogItem, { kind: 'caught-up' }>): string {
  if (item.kind === 'record') return String(item.seq);
  if (item.kind === 'gap') return `gap ${item.from}-${item.to}`;
  if (item.kind === 'no-record') return `? ${item.line.toString().slice(0, 20)}`;
  return item.kind;
}

const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('following a log', () => {
  test('gives every record once and in order across rotation, compression and what is written meanwhile', async () => {
    const log = playLog();
    log.addMany(3);
    const followed = follow(log);
    expect(await followed.words()).toEqual(['1', '2', '3']);
    log.addMany(2);
    const first = log.rotate();
    log.addMany(2);
    log.compress(first);
    expect(await followed.words()).toEqual(['4', '5', '6', '7']);
    const second = log.rotate();
    log.addMany(1);
    const third = log.rotate();
    log.compress(second);
    log.compress(third);
    log.addMany(1);
    expect(await followed.words()).toEqual(['8', '9']);
  });

  test('gives each line as it stands', async () => {
    const log = playLog();
    const lines = log.addMany(2);
    const followed = follow(log);
    for (const line of lines) expect(await followed.next()).toMatchObject({ line: Buffer.from(line) });
  });

  test('reads a segment to its end that is compressed or removed under its hands', async () => {
    const log = playLog();
    log.addMany(4_000);
    const first = log.rotate();
    log.addMany(1);
    const followed = follow(log);
    expect(await followed.next()).toMatchObject({ seq: 1 });
    log.compress(first);
    log.remove(compressedPath(first));
    expect(await followed.words()).toEqual(numbers(2, 4_001));
  });

  test('waits for a line that is being written, and for a log that is not there yet', async () => {
    const log = playLog();
    unlinkSync(log.path);
    const followed = follow(log);
    expect(await followed.words()).toEqual([]);
    const [line = ''] = log.addMany(1);
    truncateSync(log.path, 100);
    expect(await followed.words()).toEqual([]);
    appendFileSync(log.path, `${line.slice(100)}\n`);
    expect(await followed.words()).toEqual(['1']);
  });

  test('shows lines that are no records, bounded, and goes on behind them', async () => {
    const log = playLog();
    log.addMany(1);
    log.addBytes(`\x1b]0;x\x07\n${'x'.repeat(300_000)}\n{"seq":2}\n`);
    log.addMany(1);
    log.addBytes('torn at the end');
    log.rotate();
    log.addMany(1);
    const followed = follow(log);
    expect(await followed.words()).toEqual([
      '1',
      '? \x1b]0;x\x07',
      `? ${'x'.repeat(20)}`,
      '? {"seq":2}',
      '2',
      '? torn at the end',
      '3',
    ]);
    const again = follow(log, { segment: 1, offset: 0 });
    for (const length of [null, 6, 65_536]) {
      const item = await again.next();
      if (length !== null) expect(item).toMatchObject({ kind: 'no-record', line: { length } });
    }
  });

  test('ends at once where it is aborted, also while it waits', async () => {
    const followed = follow(playLog());
    expect(await followed.words()).toEqual([]);
    const ended = followed.items.next();
    followed.stop.abort();
    expect(await ended).toEqual({ done: true, value: undefined });
  });

  test('says what could not be decompressed, counts it as missing, and goes on', async () => {
    const log = playLog();
    log.addMany(2);
    const first = log.rotate();
    log.addMany(2);
    log.compress(first);
    writeFileSync(compressedPath(first), 'no gzip');
    expect(await follow(log).words()).toEqual(['unreadable', '3', '4']);
    writeFileSync(compressedPath(first), gzipSync(readFileSync(log.path)).subarray(0, 200));
    expect((await follow(log, { segment: 1, offset: 0 }).words())[0]).toBe('unreadable');
  });

  test('never passes over a segment that it may not open', async () => {
    const log = playLog();
    log.addMany(1);
    const first = log.rotate();
    log.addMany(1);
    unlinkSync(first);
    mkdirSync(first);
    await expect(follow(log).next()).rejects.toThrow('not a regular file');
  });
});

describe('a position that was kept', () => {
  test.each(['plain', 'renamed', 'compressed'])('is found again in its segment: %s', async (what) => {
    const log = playLog();
    log.addMany(300);
    const followed = follow(log);
    for (let count = 0; count < 200; count += 1) await followed.next();
    if (what !== 'plain') {
      const closed = log.rotate();
      if (what === 'compressed') log.compress(closed);
      log.addMany(1);
    }
    const kept: LogPosition = JSON.parse(JSON.stringify(followed.position));
    expect(await follow(log, kept).words()).toEqual(numbers(201, what === 'plain' ? 300 : 301));
  });

  test('at the end of a segment goes on in the next one, and with what is written there', async () => {
    const log = playLog();
    log.addMany(2);
    const before = follow(log);
    await before.words();
    log.compress(log.rotate());
    const followed = follow(log, before.position);
    expect(await followed.words()).toEqual([]);
    log.addMany(2);
    expect(await followed.words()).toEqual(['3', '4']);
  });

  test('whose segment retention has removed gives the gap, counted right', async () => {
    const log = playLog();
    log.addMany(5);
    const before = follow(log);
    await before.next();
    await before.next();
    const first = log.rotate();
    log.addMany(5);
    const second = log.rotate();
    log.addMany(5);
    const third = log.rotate();
    log.addMany(1);
    log.compress(second);
    log.remove(first);
    log.remove(compressedPath(second));
    expect(await follow(log, before.position).words()).toEqual(['gap 3-10', ...numbers(11, 16)]);
    log.remove(third);
    expect(await follow(log, before.position).words()).toEqual(['gap 3-15', '16']);
  });

  test('in a follower that runs behind gives the gap that retention leaves', async () => {
    const log = playLog();
    log.addMany(1);
    const followed = follow(log);
    await followed.words();
    log.rotate();
    log.addMany(3);
    const second = log.rotate();
    log.addMany(3);
    log.remove(second);
    expect(await followed.words()).toEqual(['gap 2-4', '5', '6', '7']);
  });

  test('in a log that lost its last records at a power cut is told to have changed, and its segment is read again', async () => {
    const log = playLog();
    log.addMany(2);
    log.rotate();
    log.addMany(4);
    const before = follow(log);
    await before.words();
    const lines = readFileSync(log.path, 'utf8').split('\n');
    writeFileSync(log.path, `${lines[0]}\n`);
    expect(await follow(log, before.position).words()).toEqual(['changed', '3']);
  });

  test('is told to have changed where the file that is written to is cut meanwhile', async () => {
    const log = playLog();
    const lines = log.addMany(3);
    const followed = follow(log);
    await followed.words();
    writeFileSync(log.path, `${lines[0]}\n`);
    expect(await followed.words()).toEqual(['changed', '1']);
  });

  test('in another chain is told to have changed, and the chain is read from its first record', async () => {
    const log = playLog();
    log.addMany(2);
    const first = log.rotate();
    log.addMany(3);
    const before = follow(log);
    await before.words();
    log.remove(first);
    log.beginAnew();
    log.addMany(1);
    log.rotate();
    log.addMany(1);
    expect(await follow(log, before.position).words()).toEqual(['changed', '1', '2']);
    expect(await before.words()).toEqual(['changed', '1', '2']);
  });

  test('of a log whose numbers go back and back is not read for ever', async () => {
    const log = playLog();
    log.addMany(5);
    const first = log.rotate();
    log.beginAnew();
    log.addMany(2);
    renameSync(first, first.replace('01.jsonl', '02.jsonl'));
    const followed = follow(log);
    const words = await followed.words();
    expect(words.filter((word) => word === 'changed').length).toBeLessThan(4);
    expect(words.slice(-2)).toEqual(['1', '2']);
  });
});

test('the last lines of a log are found in earlier segments, plain and compressed', async () => {
  const log = playLog();
  log.addMany(10);
  const first = log.rotate();
  log.addMany(3);
  log.rotate();
  log.addMany(2);
  log.compress(first);
  for (const count of [0, 1, 2, 3, 5, 6, 9, 15, 99]) {
    const place = await placeOfLastLines(log.path, count);
    expect(await follow(log, place).words()).toEqual(numbers(Math.max(1, 16 - count), 15));
  }
});

test('the last lines are found while the file that is written to is still empty', async () => {
  const log = playLog();
  log.addMany(3);
  log.rotate();
  expect(await follow(log, await placeOfLastLines(log.path, 2)).words()).toEqual(['2', '3']);
  const followed = follow(log, await placeOfLastLines(log.path, 0));
  log.addMany(1);
  expect(await followed.words()).toEqual(['4']);
});

test.each([1, 2, 3])(
  'whatever is done to the files and however often the reader starts anew, each number is given or missing, once (round %i)',
  async (round) => {
    let state = round;
    const random = (below: number): number => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    const log = playLog();
    const plain: string[] = [];
    const compressed: string[] = [];
    const steps: readonly (() => void)[] = [
      () => void log.addMany(1 + random(30)),
      () => void log.addMany(1 + random(3)),
      () => {
        log.addMany(1);
        plain.push(log.rotate());
      },
      () => {
        const segment = plain.shift();
        if (segment === undefined) return;
        log.compress(segment);
        compressed.push(compressedPath(segment));
      },
      () => {
        const oldest = random(4) === 0 ? compressed.shift() : undefined;
        if (oldest !== undefined) log.remove(oldest);
      },
    ];
    let isWriting = true;
    const writing = (async () => {
      for (let step = 0; step < 400; step += 1) {
        steps[random(steps.length)]?.();
        await setImmediate();
      }
      log.addMany(1);
      isWriting = false;
    })();
    let expected = 1;
    let from: LogPosition | 'start' = 'start';
    while (isWriting || expected <= log.seq) {
      // A reader goes on behind a record: what was missing behind that is missing for the next one too.
      if (from !== 'start') expected = from.seq + 1;
      const followed = follow(log, from);
      for (let count = 1 + random(200); count > 0 && (isWriting || expected <= log.seq); count -= 1) {
        const item = await followed.next();
        if (item.kind === 'gap') {
          // Before the first record that is ever read nothing is known to be missing.
          expect(item.from).toBe(expected);
          expected = item.to + 1;
        } else if (item.kind === 'record') {
          if (from === 'start' && expected === 1) expected = item.seq;
          expect(item.seq).toBe(expected);
          expected += 1;
          from = item.position;
        } else expect(item.kind).toBe('caught-up');
      }
      followed.stop.abort();
      await followed.items.return();
    }
    await writing;
    expect(expected).toBe(log.seq + 1);
  },
);
