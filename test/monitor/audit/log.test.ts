import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { AuditLog } from '../../../src/monitor/audit/log.ts';
import { QUEUE_RECORDS_MAXIMUM } from '../../../src/monitor/audit/queue.ts';
import { AuditUnavailable, type Doubt } from '../../../src/monitor/audit/unavailable.ts';
import { readHeadNote } from '../../../src/shared/audit/head-note.ts';
import { type AuditRecord, hasRecordForm, parseRecord } from '../../../src/shared/audit/record.ts';
import { makePlaces, type Places } from '../../shared/audit/made-log.ts';

const anyFile = await open('/dev/null');
/** What every open file's methods come from: a disk that fails is a method that does. */
const files = Object.getPrototypeOf(anyFile) as FileHandle;
await anyFile.close();

afterEach(() => {
  vi.restoreAllMocks();
});

async function recordsOf(places: Places): Promise<AuditRecord[]> {
  return (await places.allLines())
    .filter((line) => hasRecordForm(Buffer.from(line)))
    .map((line) => parseRecord(Buffer.from(line)));
}

function whenWriting(log: AuditLog): Promise<void> {
  return new Promise((resolve) => {
    log.onStateChange((state) => state === 'writing' && resolve());
  });
}

function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: made by the test`), { code });
}

describe('writing', () => {
  test('gives 64 writers at once one chain, in the order in which they asked', async () => {
    const places = makePlaces();
    const log = await places.open();
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      const seqs: number[] = [];
      for (let round = 0; round < 20; round += 1) {
        const { seq } = await log.append('call-start', { writer, round }, {}, round % 2 === 0);
        seqs.push(seq);
      }
      return seqs;
    });
    const seqs = await Promise.all(writers);
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 1280, firstBad: null, recoveries: 0 });
    const records = await recordsOf(places);
    for (const [writer, own] of seqs.entries()) {
      for (const [round, seq] of own.entries()) expect(records[seq - 1]?.facts).toEqual({ writer, round });
    }
  });

  test('puts all that waits into one write, under one fdatasync', async () => {
    const places = makePlaces();
    const log = await places.open();
    const datasync = vi.spyOn(files, 'datasync');
    await Promise.all(Array.from({ length: 100 }, () => log.append('session', {}, {}, true)));
    expect(datasync).toHaveBeenCalledTimes(1);
    await log.append('session', {}, {}, false);
    expect(datasync).toHaveBeenCalledTimes(1);
    await log.close();
  });

  test('answers a durable record only after its fdatasync (A3)', async () => {
    const places = makePlaces();
    const log = await places.open();
    const order: string[] = [];
    const original = files.datasync;
    vi.spyOn(files, 'datasync').mockImplementation(async function (this: FileHandle) {
      await original.call(this);
      order.push('on disk');
    });
    await log.append('call-end', {}, {}, true).then(() => order.push('answered'));
    expect(order).toEqual(['on disk', 'answered']);
    await log.close();
  });

  test('notes where the log will end before a write, and where it ends after', async () => {
    const places = makePlaces();
    const log = await places.open();
    const note = await open(places.head);
    const seen: unknown[] = [];
    const original = files.datasync;
    vi.spyOn(files, 'datasync').mockImplementation(async function (this: FileHandle) {
      seen.push(await readHeadNote(note));
      await original.call(this);
    });
    await log.append('session', {}, {}, true);
    await log.close();
    expect(seen[0]).toMatchObject({
      standing: { seq: 0 },
      writing: { seq: 1, bytes: places.bytes().length },
    });
    expect(await readHeadNote(note)).toMatchObject({
      durable: { seq: 1 },
      standing: { seq: 1 },
      writing: null,
    });
    await note.close();
  });

  test('goes on where the write takes less than it is given', async () => {
    const places = makePlaces();
    const log = await places.open();
    const original = files.write as unknown as (
      this: FileHandle,
      bytes: Buffer,
      from: number,
      length: number,
      at: number | null,
    ) => never;
    vi.spyOn(files, 'write').mockImplementation(function (this: FileHandle, ...given: unknown[]) {
      const [bytes, from, length, at] = given as [Buffer, number, number, number | null];
      return original.call(this, bytes, from, at === null ? Math.min(length, 100) : length, at);
    });
    await Promise.all([1, 2, 3].map((number) => log.append('session', { number }, {}, true)));
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 3, recoveries: 0 });
  });

  test('refuses a record that cannot be written as it is, and takes the next', async () => {
    const places = makePlaces();
    const log = await places.open();
    await expect(log.append('session', { value: Number.NaN }, {}, false)).rejects.toThrow(TypeError);
    expect(await log.append('session', {}, {}, false)).toMatchObject({ seq: 1 });
    await log.close();
  });

  test('refuses over its named limit, counts, and records the count (invariant 11, invariant 14)', async () => {
    const places = makePlaces();
    const log = await places.open();
    const answers = Array.from({ length: QUEUE_RECORDS_MAXIMUM + 5 }, () =>
      log.append('session', {}, {}, false).catch((error: unknown) => {
        expect(error).toBeInstanceOf(AuditUnavailable);
        log.countRefused();
      }),
    );
    await Promise.all(answers);
    expect(log.refusedWithoutRecord).toBe(5);
    await log.close();
    const last = (await recordsOf(places)).at(-1);
    expect(last).toMatchObject({
      seq: QUEUE_RECORDS_MAXIMUM + 1,
      event: 'audit-refused-count',
      facts: { refused: 5 },
    });
  });

  test('writes what waits before it closes, and nothing after', async () => {
    const places = makePlaces();
    const log = await places.open();
    const waiting = log.append('session', {}, {}, false);
    const closing = log.close();
    await expect(log.append('session', {}, {}, false)).rejects.toThrow('the log is closed');
    expect(await waiting).toMatchObject({ seq: 1 });
    await closing;
    expect(await places.verify()).toMatchObject({ ok: true, records: 1 });
  });
});

describe('a disk that fails', () => {
  test('after a failed fdatasync the tail is read again and declared; nobody was told that it stands (A17)', async () => {
    const places = makePlaces();
    const log = await places.open();
    await log.append('session', { number: 1 }, {}, true);
    const { length } = places.bytes();
    vi.spyOn(files, 'datasync').mockRejectedValueOnce(diskError('EIO'));
    const writes = vi.spyOn(files, 'write');
    const writing = whenWriting(log);
    await expect(log.append('session', { number: 2 }, {}, true)).rejects.toThrow(AuditUnavailable);
    expect(log.state).toBe('failing');
    await expect(log.append('session', {}, {}, false)).rejects.toThrow('EIO');
    log.countRefused();
    await writing;
    await log.append('session', { number: 3 }, {}, true);
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 5, recoveries: 1 });
    // What the failed one may have lost was written once more, in its place, before the next one.
    expect(writes.mock.calls.filter((given: unknown[]) => given[3] === length)).toHaveLength(1);
    expect((await recordsOf(places)).map(({ event }) => event).slice(2)).toEqual([
      'recovery',
      'rotation',
      'session',
    ]);
    expect((await recordsOf(places))[2]?.facts).toMatchObject({
      ...{ why: 'sync', error: 'EIO', confirmed: 1, durable: 1, added: 1, missing: 0 },
      ...{ fragment: null, newline_added: false, refused: 1 },
    });
  });

  test.each([0, 1, 99, 100, 600, 601])(
    'a write that ends after %i bytes is closed off and declared (A1, A2)',
    async (kept) => {
      const places = makePlaces();
      const log = await places.open();
      await log.append('session', { number: 1 }, {}, true);
      const { length } = places.bytes();
      const failing = failWriteAfter(kept);
      const writing = whenWriting(log);
      const waiting = [2, 3, 4].map((number) => log.append('session', { number }, {}, false));
      for (const answer of waiting) await expect(answer).rejects.toThrow('ENOSPC');
      failing.mockRestore();
      await writing;
      await log.append('session', { number: 5 }, {}, true);
      await log.close();
      expect(await places.verify()).toMatchObject({ ok: true, firstBad: null });
      const whole = Buffer.from((await places.allLines()).join('\n'));
      const found = whole.subarray(length, length + kept).toString();
      const recovery = (await places.allLines()).find((line) => line.includes('"recovery"')) ?? '';
      const { facts } = parseRecord(Buffer.from(recovery));
      const fragment = found.slice(found.lastIndexOf('\n') + 1);
      expect(facts).toMatchObject({ why: 'write', error: 'ENOSPC', added: found.split('\n').length - 1 });
      expect(facts['fragment']).toEqual(
        fragment === '' ? null : expect.objectContaining({ bytes: fragment.length }),
      );
    },
  );

  test.each([0, 1, 2, 300])(
    'a recovery record that is itself cut after %i bytes is declared by the next (A2)',
    async (kept) => {
      const places = makePlaces();
      const log = await places.open();
      const first = failWriteAfter(50, 'EIO');
      await expect(log.append('session', {}, {}, false)).rejects.toThrow('EIO');
      first.mockRestore();
      const writing = whenWriting(log);
      const second = failWriteAfter(kept, 'EIO');
      await vi.waitFor(() => expect(places.bytes().length).toBe(50 + kept));
      await new Promise((resolve) => setTimeout(resolve, 10));
      second.mockRestore();
      await writing;
      await log.close();
      expect(await places.verify()).toMatchObject({ ok: true, recoveries: 1 });
    },
  );

  test('one that answers is not blamed where the daemon itself stood still, as on a machine that was paused', async () => {
    const places = makePlaces();
    const log = await places.open({ stallMs: 500 });
    const original = files.datasync;
    vi.spyOn(files, 'datasync').mockImplementationOnce(async function (this: FileHandle) {
      await original.call(this);
      // Answer and timer are both due when it goes on.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await log.append('session', {}, {}, true);
    expect(log.state).toBe('writing');
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 1, recoveries: 0 });
  });

  test('one that does not answer refuses what waits, and its late write is declared (A14)', async () => {
    const places = makePlaces();
    const log = await places.open({ stallMs: 500 });
    let thaw = (): void => undefined;
    vi.spyOn(files, 'datasync').mockImplementationOnce(() => new Promise((resolve) => (thaw = resolve)));
    const writing = whenWriting(log);
    await expect(log.append('session', {}, {}, true)).rejects.toThrow('did not answer');
    await expect(log.append('session', {}, {}, false)).rejects.toThrow('did not answer');
    thaw();
    await writing;
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 2, recoveries: 1 });
    expect((await recordsOf(places))[1]?.facts).toMatchObject({ why: 'stalled', added: 1 });
  });

  test.each([
    ['sync', [true, true]],
    ['write', [false, false]],
  ] as const)(
    'tells of each refused record, once it is written again, whether that stands there: after a failed %s',
    async (stage, expected) => {
      const places = makePlaces();
      const log = await places.open();
      await log.append('session', {}, {}, true);
      const failing =
        stage === 'sync'
          ? vi.spyOn(files, 'datasync').mockRejectedValueOnce(diskError('EIO'))
          : failWriteAfter(0, 'EIO');
      const doubts: (Doubt | null)[] = [];
      const refused = [1, 2].map((writer) =>
        log.append('call-start', { writer }, {}, true).catch((error: unknown) => {
          if (error instanceof AuditUnavailable) doubts.push(error.doubt);
        }),
      );
      await Promise.all(refused);
      expect(doubts).toEqual([{ isFound: null }, { isFound: null }]);
      const late = await log.append('call-start', {}, {}, true).catch((error: unknown) => error);
      expect(late).toMatchObject({ doubt: null });
      const writing = whenWriting(log);
      failing.mockRestore();
      await writing;
      expect(doubts.map((doubt) => doubt?.isFound)).toEqual(expected);
      expect((await recordsOf(places)).map(({ event }) => event)).toEqual([
        'session',
        ...expected.filter(Boolean).map(() => 'call-start'),
        'recovery',
      ]);
      await log.close();
    },
  );

  test('one that fails to the end leaves a log that the next start takes up', async () => {
    const places = makePlaces();
    const log = await places.open();
    await log.append('session', {}, {}, true);
    const failing = failWriteAfter(70);
    await expect(log.append('session', {}, {}, false)).rejects.toThrow(AuditUnavailable);
    await expect(log.close()).rejects.toThrow(AuditUnavailable);
    failing.mockRestore();
    const next = await places.open();
    await next.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 3, recoveries: 1 });
  });
});

/** The log's next write takes `kept` bytes of what it is given; every one after it fails, as on a full disk. */
function failWriteAfter(kept: number, code = 'ENOSPC'): ReturnType<typeof vi.spyOn> {
  const original = files.write as unknown as (
    this: FileHandle,
    bytes: Buffer,
    from: number,
    length: number,
    at: number | null,
  ) => never;
  let taken = false;
  return vi.spyOn(files, 'write').mockImplementation(function (this: FileHandle, ...given: unknown[]) {
    const [bytes, from, length, at] = given as [Buffer, number, number, number | null];
    if (at !== null) return original.call(this, bytes, from, length, at);
    if (taken || kept === 0) return Promise.reject(diskError(code)) as never;
    taken = true;
    return original.call(this, bytes, from, Math.min(length, kept), at);
  });
}

describe('a log that something else touches while the daemon runs', () => {
  test('is not written any more, since its chain would be broken', async () => {
    const places = makePlaces();
    const log = await places.open();
    await log.append('session', {}, {}, true);
    const other = await open(places.path, 'a');
    await other.write('anything\n');
    await expect(log.append('session', {}, {}, true)).rejects.toThrow('bytes long where');
    await other.truncate(places.lines()[0]?.length ?? 0 + 1);
    await other.close();
    await expect(log.close()).rejects.toThrow(AuditUnavailable);
  });

  test('is written again, with a recovery record, once it is as it was', async () => {
    const places = makePlaces();
    const log = await places.open();
    await log.append('session', {}, {}, true);
    const { length } = places.bytes();
    const other = await open(places.path, 'a');
    await other.write('anything\n');
    const writing = whenWriting(log);
    await expect(log.append('session', {}, {}, true)).rejects.toThrow('bytes long where');
    await other.truncate(length);
    await other.close();
    await writing;
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 2, recoveries: 1 });
    expect((await recordsOf(places))[1]?.facts).toMatchObject({ why: 'changed', missing: 1 });
  });
});
