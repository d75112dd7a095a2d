import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test } from 'vitest';
import { encodeNotice } from '../../../src/boundary/notices.ts';
import type { Appended } from '../../../src/monitor/audit/append-failure.ts';
import type { AppendedRecords } from '../../../src/monitor/audit/append-in-order.ts';
import type { Appender } from '../../../src/monitor/audit/appender.ts';
import { ADDITION_BYTES_MAXIMUM } from '../../../src/monitor/audit/queue.ts';
import { StorageFailure } from '../../../src/monitor/audit/unavailable.ts';
import { makeNonblockingPipe } from '../../../src/posix/pipes.ts';
import { HEAD_NOTE_BYTES } from '../../../src/shared/audit/head-note.ts';
import { makeFolder } from '../../shared/audit/made-log.ts';
import { APPENDING_THREAD, startAppendingThread } from '../../support/appending-thread.ts';

const BEFORE = 'what stands\n';
const [NOTED, ANNOUNCING, SETTLED] = ['before', 'announcing', 'settled'].map((text) =>
  text.padEnd(HEAD_NOTE_BYTES),
) as [string, string, string];
const PIPE_BUF = 4_096;

/** A log and its note, open, and a thread that appends to it. */
interface Bench {
  readonly path: string;
  readonly appender: Appender;
  readonly thread: Worker;
  /** Gives back whether the note says again that nothing is being written. */
  append(text: string, more?: Partial<AppendedRecords>): Promise<boolean>;
  appendTold(text: string, more?: Partial<AppendedRecords>): Promise<Appended>;
  log(): string;
  note(): string;
}

async function startBench(): Promise<Bench> {
  const folder = makeFolder();
  const [path, notePath] = [join(folder, 'audit.jsonl'), join(folder, 'note')];
  writeFileSync(path, BEFORE);
  writeFileSync(notePath, NOTED);
  const log = opened(path, constants.O_RDWR | constants.O_APPEND);
  const note = opened(notePath, constants.O_RDWR);
  const { ino, dev } = statSync(path);
  const started = once(process, 'worker');
  const appender = startAppendingThread(path);
  onTestFinished(appender.stop);
  const [thread] = (await started) as [Worker];
  const appendTold: Bench['appendTold'] = (text, more = {}) =>
    appender.append({
      ...{ log, note, expected: { ino, dev, size: BEFORE.length }, sync: true },
      ...{ announcing: Buffer.from(ANNOUNCING), settled: Buffer.from(SETTLED), records: Buffer.from(text) },
      ...{ notice: null, ...more },
    });
  return {
    ...{ path, appender, thread, appendTold },
    append: async (text, more) => (await appendTold(text, more)).isSettled,
    log: () => readFileSync(path, 'utf8'),
    note: () => readFileSync(notePath, 'utf8'),
  };
}

function opened(path: string, flags: number): number {
  const file = openSync(path, flags);
  onTestFinished(() => closeSync(file));
  return file;
}

/** Until it takes nothing more. */
function fill(pipe: number): void {
  expect(() => {
    for (;;) writeSync(pipe, Buffer.alloc(PIPE_BUF));
  }).toThrow('EAGAIN');
}

async function failureOf(appending: Promise<boolean>): Promise<StorageFailure> {
  const failure = await appending.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(StorageFailure);
  return failure as StorageFailure;
}

describe('the thread that appends', () => {
  test.each([true, false])(
    'puts records behind what stands, and the note says that they stand (synced: %s)',
    async (sync) => {
      const { append, log, note } = await startBench();
      expect(await append('one\n', { sync })).toBe(true);
      expect(log()).toBe(`${BEFORE}one\n`);
      expect(note()).toBe(SETTLED);
    },
  );

  test('appends one addition after the other, each behind the one before', async () => {
    const { path, append, log } = await startBench();
    const { ino, dev } = statSync(path);
    let all = BEFORE;
    for (let number = 0; number < 200; number += 1) {
      const text = `${'x'.repeat(number)}\n`;
      expect(await append(text, { expected: { ino, dev, size: all.length }, sync: false })).toBe(true);
      all += text;
    }
    expect(log()).toBe(all);
  });

  test('says in the note what comes before it comes: a log that cannot be written leaves the note announced', async () => {
    const { path, append, log, note } = await startBench();
    const reading = opened(path, constants.O_RDONLY);
    expect(await failureOf(append('one\n', { log: reading }))).toMatchObject({
      stage: 'write',
      code: 'EBADF',
    });
    expect(note()).toBe(ANNOUNCING);
    expect(log()).toBe(BEFORE);
  });

  test('tells on a pipe that what it was given stands, and waits for nobody there (Z13)', async () => {
    const { path, appendTold, log } = await startBench();
    const { ino, dev } = statSync(path);
    const { read, write } = makeNonblockingPipe();
    onTestFinished(() => {
      for (const end of [read, write]) end.close();
    });
    const bytes = encodeNotice([1, 2 ** 40]);
    const notice = { pipe: write.number, bytes };
    expect(await appendTold('one\n', { notice })).toMatchObject({ isSettled: true, isTold: true });
    const heard = Buffer.alloc(PIPE_BUF);
    expect(heard.subarray(0, readSync(read.number, heard)).equals(bytes)).toBe(true);
    fill(write.number);
    const expected = { ino, dev, size: log().length };
    expect(await appendTold('two\n', { notice, expected })).toMatchObject({ isSettled: true, isTold: false });
    read.close();
    const after = { ino, dev, size: log().length };
    expect(await appendTold('three\n', { notice, expected: after })).toMatchObject({ isTold: false });
    expect(log()).toBe(`${BEFORE}one\ntwo\nthree\n`);
  });

  test('refuses what is longer than its bound, takes what is not, and goes on', async () => {
    const { path, append, log, note } = await startBench();
    const longest = 'x'.repeat(ADDITION_BYTES_MAXIMUM);
    await expect(append(`${longest}x`)).rejects.toThrow(RangeError);
    expect([log(), note()]).toEqual([BEFORE, NOTED]);
    expect(await append(longest)).toBe(true);
    expect(statSync(path).size).toBe(BEFORE.length + ADDITION_BYTES_MAXIMUM);
  });

  test('ends when it is stopped', async () => {
    const { append, appender, thread } = await startBench();
    await append('one\n');
    const ended = once(thread, 'exit');
    appender.stop();
    expect(await ended).toEqual([0]);
  });

  test('ends when it is stopped before it was asked for anything', async () => {
    const { appender, thread } = await startBench();
    const ended = once(thread, 'exit');
    appender.stop();
    expect(await ended).toEqual([0]);
  });
});

describe('a thread that ends unasked', () => {
  test.each([
    ['cannot be loaded', 'file:///gone/appending-thread.js', ''],
    ['is ended', APPENDING_THREAD.href, "process.once('worker', (thread) => thread.terminate());"],
  ])(
    'takes the process with it, and whoever waits for an addition: one that %s (A3)',
    async (_how, program, before) => {
      const appender = new URL('../../../src/monitor/audit/appender.ts', import.meta.url).href;
      const script = `import { startAppender } from '${appender}';
      ${before}
      const appender = startAppender(new URL('${program}'), '/gone/audit.jsonl');
      const note = Buffer.alloc(512);
      await appender.append({ log: -1, note: -1, expected: { ino: 0, dev: 0, size: 0 }, announcing: note, settled: note,
        records: note, notice: null, sync: false }).catch(() => undefined);
      process.exit(0);`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' });
      expect(await once(child, 'exit')).toEqual([1, null]);
    },
  );

  test('is not waited for once it was stopped', async () => {
    const { append, appender, log } = await startBench();
    appender.stop();
    expect(await failureOf(append('one\n'))).toMatchObject({ stage: 'open', message: 'the log is closed' });
    expect(log()).toBe(BEFORE);
  });
});

describe('a log that is not as it was left', () => {
  const unlike = 'bytes long where 12 were left';
  test.each<[string, (path: string) => void, string]>([
    ['removed', (path) => rmSync(path), 'the log is gone'],
    [
      'replaced by one of its length',
      (path) => {
        renameSync(path, `${path}.1`);
        writeFileSync(path, BEFORE);
      },
      'another file stands in the place of the log',
    ],
    ['cut', (path) => truncateSync(path, 5), `the log is 5 ${unlike}`],
    ['lengthened', (path) => appendFileSync(path, '!'), `the log is 13 ${unlike}`],
  ])('is not written to, and neither is its note: %s', async (_what, change, why) => {
    const { path, append, note } = await startBench();
    change(path);
    const left = [path, `${path}.1`].map(contentOf);
    const failure = await failureOf(append('one\n'));
    expect(failure).toMatchObject({ stage: 'changed', code: null, message: why });
    expect([path, `${path}.1`].map(contentOf)).toEqual(left);
    expect(note()).toBe(NOTED);
  });

  test('is written to again when it is as it was', async () => {
    const { path, append, log } = await startBench();
    renameSync(path, `${path}.1`);
    expect(await failureOf(append('one\n'))).toMatchObject({ stage: 'changed' });
    renameSync(`${path}.1`, path);
    expect(await append('two\n')).toBe(true);
    expect(log()).toBe(`${BEFORE}two\n`);
  });
});

describe('a step that fails', () => {
  test('at the look at the log leaves all as it was', async () => {
    const { path, append, note } = await startBench();
    const folder = join(path, '..');
    const aside = `${folder}-aside`;
    renameSync(folder, aside);
    writeFileSync(folder, '');
    const failure = await failureOf(append('one\n'));
    rmSync(folder);
    renameSync(aside, folder);
    expect(failure).toMatchObject({ stage: 'open', code: 'ENOTDIR' });
    expect([readFileSync(path, 'utf8'), note()]).toEqual([BEFORE, NOTED]);
  });

  test.each(['open for reading', 'closed'])(
    'at the note leaves the log as it was: a descriptor that is %s',
    async (how) => {
      const { path, append, log, note } = await startBench();
      const bad = how === 'closed' ? closedDescriptor() : opened(join(path, '../note'), constants.O_RDONLY);
      expect(await failureOf(append('one\n', { note: bad }))).toMatchObject({ stage: 'note', code: 'EBADF' });
      expect([log(), note()]).toEqual([BEFORE, NOTED]);
    },
  );

  test('at the write leaves the note announced: a descriptor that is closed', async () => {
    const { append, log, note } = await startBench();
    const failure = await failureOf(append('one\n', { log: closedDescriptor() }));
    expect(failure).toMatchObject({ stage: 'write', code: 'EBADF' });
    expect([log(), note()]).toEqual([BEFORE, ANNOUNCING]);
  });

  test('at the write says that the disk is full', async () => {
    const { append, note } = await startBench();
    const full = await failureOf(append('one\n', { log: opened('/dev/full', constants.O_WRONLY) }));
    expect(full).toMatchObject({ stage: 'write', code: 'ENOSPC', isFull: true });
    expect(note()).toBe(ANNOUNCING);
  });

  test('at fdatasync leaves the note announced, though the records are written', async () => {
    const { append, note } = await startBench();
    // fdatasync(2): what is no file has nothing to have on disk.
    const device = opened('/dev/null', constants.O_WRONLY);
    expect(await failureOf(append('one\n', { log: device }))).toMatchObject({
      stage: 'sync',
      code: 'EINVAL',
    });
    expect(note()).toBe(ANNOUNCING);
    expect(await append('one\n', { log: device, sync: false })).toBe(true);
    expect(note()).toBe(SETTLED);
  });
});

function contentOf(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** A number that no file has: far above those that are open. */
function closedDescriptor(): number {
  return 1_000_000;
}
