import { appendFileSync, readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Addition, composeAddition } from '../../../src/monitor/audit/addition.ts';
import { createClock } from '../../../src/monitor/audit/clock.ts';
import { openStore } from '../../../src/monitor/audit/open.ts';
import type { LogStore } from '../../../src/monitor/audit/store.ts';
import { emptyTail } from '../../../src/monitor/audit/tail.ts';
import { asFailure, type StorageFailure } from '../../../src/monitor/audit/unavailable.ts';
import { decodeHeadNote, type HeadNote } from '../../../src/shared/audit/head-note.ts';
import { prepareRecord } from '../../../src/shared/audit/record.ts';
import { makePlaces } from '../../shared/audit/made-log.ts';
import { diskError, type PlayedDisk, playAppender } from '../../support/played-appender.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

interface Held {
  readonly path: string;
  readonly store: LogStore;
  readonly disk: PlayedDisk;
  /** An addition of one record behind what stands. */
  next(): Addition;
  note(): HeadNote;
  bytes(): Buffer;
}

/** A store whose log has one record, on a played disk. */
async function holdPlayed(): Promise<Held> {
  const { path, folder, head, bytes } = makePlaces();
  const { appender, disk } = playAppender(path);
  const clock = createClock();
  const { store } = await openStore(path, folder, clock, 0, appender);
  onTestFinished(() => store.abandon());
  const next = (): Addition =>
    composeAddition(emptyTail(store.head).next, [prepareRecord(clock.now(), 'session', {}, {})]);
  await store.add(next());
  return { ...{ path, store, disk, next, bytes }, note: () => decodeHeadNote(readFileSync(head)) };
}

async function failureOf(adding: Promise<unknown>): Promise<StorageFailure> {
  return adding.then(() => expect.unreachable(), asFailure);
}

/** What is written in place by anything but the appender: records once more, after an fdatasync that failed. */
async function watchWrittenAgain(): Promise<() => number> {
  const anyFile = await open('/dev/null');
  const writes = vi.spyOn(Object.getPrototypeOf(anyFile) as FileHandle, 'write');
  await anyFile.close();
  return () => writes.mock.calls.length;
}

const fail = (): never => {
  throw diskError('EIO');
};

/** What each step does when it fails, and what then stands in the log: nothing of the addition, a part, or all of it. */
const stages: readonly {
  readonly stage: string;
  readonly play: (disk: PlayedDisk) => void;
  readonly unsettled: boolean;
  readonly kept: (addition: Addition) => number;
  readonly writtenAgain: number;
}[] = [
  {
    ...{ stage: 'open', unsettled: false, kept: () => 0, writtenAgain: 0 },
    play: (disk) => vi.spyOn(disk, 'look').mockImplementationOnce(fail),
  },
  {
    ...{ stage: 'changed', unsettled: false, kept: () => 0, writtenAgain: 0 },
    play: (disk) => vi.spyOn(disk, 'look').mockReturnValueOnce(undefined),
  },
  {
    ...{ stage: 'note', unsettled: true, kept: () => 0, writtenAgain: 0 },
    play: (disk) => vi.spyOn(disk, 'write').mockImplementationOnce(fail),
  },
  {
    ...{ stage: 'write', unsettled: true, kept: () => 40, writtenAgain: 0 },
    play: (disk) => {
      const { write } = disk;
      vi.spyOn(disk, 'write')
        .mockImplementationOnce(write)
        .mockImplementationOnce((file, bytes, from, _length, at) => write(file, bytes, from, 40, at))
        .mockImplementationOnce(fail);
    },
  },
  {
    ...{ stage: 'sync', unsettled: true, kept: ({ bytes }) => bytes.length, writtenAgain: 1 },
    play: (disk) => vi.spyOn(disk, 'datasync').mockImplementationOnce(fail),
  },
];

describe('an addition on a played disk that fails', () => {
  test.each(stages)(
    'at $stage: what it may have left is known, is read again, and the next stands behind it (A2, A17)',
    async ({ stage, play, unsettled, kept, writtenAgain }) => {
      const { store, disk, next, note, bytes } = await holdPlayed();
      const { head, durable } = store;
      const before = bytes();
      const addition = next();
      play(disk);
      expect(await failureOf(store.add(addition))).toMatchObject({ stage });
      expect(store).toMatchObject({ head, durable, unsettled });
      const left = addition.bytes.subarray(0, kept(addition));
      expect(bytes()).toEqual(Buffer.concat([before, left]));
      expect(note().writing).toEqual(stage === 'write' || stage === 'sync' ? addition.target : null);
      const again = await watchWrittenAgain();
      const tail = await store.reread();
      // Behind the head nothing is taken up but what this addition can have left.
      const { seq, bytes: end } = stage === 'sync' ? addition.target : head;
      // What was torn is closed off by a newline before the next record.
      const torn = stage === 'write' ? left.length + 1 : 0;
      expect(tail.next.after).toMatchObject({ seq, bytes: end + torn });
      expect(again()).toBe(writtenAgain);
      await store.add(composeAddition(tail.next, [prepareRecord(createClock().now(), 'session', {}, {})]));
      expect(store.unsettled).toBe(false);
      expect(note()).toMatchObject({ standing: store.head, durable: store.head, writing: null });
      expect(bytes().length).toBe(store.head.bytes);
      // What was in doubt is on disk: nothing has to be written again.
      await store.reread();
      expect(again()).toBe(writtenAgain);
    },
  );

  test.each(['open', 'changed', 'note'])(
    'at %s: bytes of that addition are taken for somebody else’s, since its writing had not begun',
    async (failing) => {
      const { store, disk, next, path } = await holdPlayed();
      const addition = next();
      stages.find(({ stage }) => stage === failing)?.play(disk);
      await failureOf(store.add(addition));
      appendFileSync(path, addition.bytes);
      expect(await store.reread().catch(asFailure)).toMatchObject({ stage: 'changed' });
    },
  );

  test('at its last note counts as written, and the note is still to be settled', async () => {
    const { store, disk, next, note } = await holdPlayed();
    const addition = next();
    const { write } = disk;
    vi.spyOn(disk, 'write')
      .mockImplementationOnce(write)
      .mockImplementationOnce(write)
      .mockImplementationOnce(fail);
    await store.add(addition);
    expect(store).toMatchObject({ head: addition.target, durable: addition.target, unsettled: true });
    expect(note().writing).toEqual(addition.target);
    await store.settle();
    expect(store.unsettled).toBe(false);
    expect(note()).toMatchObject({ standing: addition.target, writing: null });
  });

  test('at the look leaves a note that was still to be settled as one that is', async () => {
    const { store, disk, next } = await holdPlayed();
    const { write } = disk;
    vi.spyOn(disk, 'write')
      .mockImplementationOnce(write)
      .mockImplementationOnce(write)
      .mockImplementationOnce(fail);
    await store.add(next());
    vi.spyOn(disk, 'look').mockImplementationOnce(fail);
    await failureOf(store.add(next()));
    expect(store.unsettled).toBe(true);
  });
});

test('an addition that is given up while its file is looked at is not begun (A14)', async () => {
  const { path, folder, head } = makePlaces();
  const { appender } = playAppender(path);
  const clock = createClock();
  const { store } = await openStore(path, folder, clock, 0, appender);
  onTestFinished(() => store.abandon());
  const anyFile = await open('/dev/null');
  const files = Object.getPrototypeOf(anyFile) as FileHandle;
  await anyFile.close();
  const { stat } = files;
  let thaw = (): void => undefined;
  const frozen = new Promise<void>((resolve) => (thaw = resolve));
  vi.spyOn(files, 'stat').mockImplementationOnce(async function (this: FileHandle) {
    await frozen;
    return stat.call(this);
  } as FileHandle['stat']);
  const addition = composeAddition(emptyTail(store.head).next, [
    prepareRecord(clock.now(), 'session', {}, {}),
  ]);
  const before = readFileSync(head);
  const adding = store.add(addition);
  expect(store.giveUp()).toBe('given-up');
  thaw();
  expect(await failureOf(adding)).toMatchObject({ stage: 'open', message: 'it was given up' });
  expect(store.unsettled).toBe(false);
  expect(readFileSync(head).equals(before)).toBe(true);
});
