import { readFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { afterEach, describe, expect, type Mock, test, vi } from 'vitest';
import type { AuditLog } from '../../../src/monitor/audit/log.ts';
import { AuditUnavailable, type Doubt } from '../../../src/monitor/audit/unavailable.ts';
import { decodeHeadNote, type HeadNote } from '../../../src/shared/audit/head-note.ts';
import { type AuditRecord, hasRecordForm, parseRecord } from '../../../src/shared/audit/record.ts';
import { makePlaces, type Places } from '../../shared/audit/made-log.ts';
import { diskError, type PlayedDisk, playAppender } from '../../support/played-appender.ts';

const anyFile = await open('/dev/null');
/** What every open file's methods come from. */
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

interface Played {
  readonly places: Places;
  readonly log: AuditLog;
  readonly disk: PlayedDisk;
}

async function openPlayed(options: { readonly stallMs?: number } = {}): Promise<Played> {
  const places = makePlaces();
  const { appender, disk } = playAppender(places.path);
  return { places, disk, log: await places.open({ ...options, appender }) };
}

function whenWriting(log: AuditLog): Promise<void> {
  return new Promise((resolve) => {
    log.onStateChange((state) => state === 'writing' && resolve());
  });
}

describe('writing to a played disk', () => {
  test('puts all that waits into one write, under one fdatasync', async () => {
    const { log, disk } = await openPlayed();
    const datasync = vi.spyOn(disk, 'datasync');
    await Promise.all(Array.from({ length: 100 }, () => log.append('session', {}, {}, true)));
    expect(datasync).toHaveBeenCalledTimes(1);
    await log.append('session', {}, {}, false);
    expect(datasync).toHaveBeenCalledTimes(1);
    await log.close();
  });

  test('answers a durable record only after its fdatasync (A3)', async () => {
    const { log, disk } = await openPlayed();
    const order: string[] = [];
    const { datasync } = disk;
    vi.spyOn(disk, 'datasync').mockImplementation((file) => {
      datasync(file);
      order.push('on disk');
    });
    await log.append('call-end', {}, {}, true).then(() => order.push('answered'));
    expect(order).toEqual(['on disk', 'answered']);
    await log.close();
  });

  test('notes where the log will end before a write, and where it ends after', async () => {
    const { places, log, disk } = await openPlayed();
    const readNote = (): HeadNote => decodeHeadNote(readFileSync(places.head));
    const seen: HeadNote[] = [];
    const { datasync } = disk;
    vi.spyOn(disk, 'datasync').mockImplementation((file) => {
      seen.push(readNote());
      datasync(file);
    });
    await log.append('session', {}, {}, true);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      standing: { seq: 0 },
      writing: { seq: 1, bytes: places.bytes().length },
    });
    const after = { durable: { seq: 1 }, standing: { seq: 1 }, writing: null };
    expect(readNote()).toMatchObject(after);
    await log.close();
    expect(readNote()).toMatchObject(after);
  });

  test('goes on where the write takes less than it is given', async () => {
    const { places, log, disk } = await openPlayed();
    const { write } = disk;
    vi.spyOn(disk, 'write').mockImplementation((file, bytes, from, length, at) =>
      write(file, bytes, from, at === null ? Math.min(length, 100) : length, at),
    );
    await Promise.all([1, 2, 3].map((number) => log.append('session', { number }, {}, true)));
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 3, recoveries: 0 });
  });
});

describe('a played disk that fails', () => {
  test('after a failed fdatasync the tail is read again and declared; nobody was told that it stands (A17)', async () => {
    const { places, log, disk } = await openPlayed();
    await log.append('session', { number: 1 }, {}, true);
    const { length } = places.bytes();
    failSyncOnce(disk);
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

  test('a recovery record whose own fdatasync fails is declared by the next, from what was last on disk (A17)', async () => {
    const { places, log, disk } = await openPlayed();
    await log.append('session', { number: 1 }, {}, true);
    const { length } = places.bytes();
    const syncs = failSyncOnce(disk).mockImplementationOnce(() => {
      throw diskError('EIO');
    });
    const writes = vi.spyOn(files, 'write');
    const writing = whenWriting(log);
    await expect(log.append('session', { number: 2 }, {}, true)).rejects.toThrow('EIO');
    await writing;
    expect(syncs.mock.calls.length).toBeGreaterThan(2);
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, firstBad: null, recoveries: 2 });
    // Both times all that was not known to be on disk.
    expect(writes.mock.calls.filter((given: unknown[]) => given[3] === length)).toHaveLength(2);
    const events = (await recordsOf(places)).map(({ event }) => event);
    expect(events.slice(0, 4)).toEqual(['session', 'session', 'recovery', 'recovery']);
  });

  test.each([0, 1, 99, 100, 600, 601])(
    'a write that ends after %i bytes is closed off and declared (A1, A2)',
    async (kept) => {
      const { places, log, disk } = await openPlayed();
      await log.append('session', { number: 1 }, {}, true);
      const { length } = places.bytes();
      const failing = failWriteAfter(disk, kept);
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
      const { places, log, disk } = await openPlayed();
      const first = failWriteAfter(disk, 50, 'EIO');
      await expect(log.append('session', {}, {}, false)).rejects.toThrow('EIO');
      first.mockRestore();
      const writing = whenWriting(log);
      const second = failWriteAfter(disk, kept, 'EIO');
      await vi.waitFor(() => expect(places.bytes().length).toBe(50 + kept));
      await new Promise((resolve) => setTimeout(resolve, 10));
      second.mockRestore();
      await writing;
      await log.close();
      expect(await places.verify()).toMatchObject({ ok: true, recoveries: 1 });
    },
  );

  test('one that answers is not blamed where the daemon itself stood still, as on a machine that was paused', async () => {
    const { places, log, disk } = await openPlayed({ stallMs: 500 });
    vi.spyOn(disk, 'answers').mockImplementationOnce(async () => {
      // Answer and timer are both due when it goes on.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2500);
      await new Promise((resolve) => setTimeout(resolve, 10));
    });
    await log.append('session', {}, {}, true);
    expect(log.state).toBe('writing');
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 1, recoveries: 0 });
  });

  test('one that does not come to an end behind what stands refuses what waits, and nobody whose record stands (A14, invariant 11)', async () => {
    const { places, log, disk } = await openPlayed({ stallMs: 500 });
    let thaw = (): void => undefined;
    vi.spyOn(disk, 'answers').mockImplementationOnce(() => new Promise((resolve) => (thaw = resolve)));
    const writing = whenWriting(log);
    const { seq } = await log.append('session', {}, {}, true);
    expect(log.state).toBe('failing');
    await expect(log.append('session', {}, {}, false)).rejects.toThrow('did not answer');
    thaw();
    await writing;
    await log.close();
    const [first, recovery] = await recordsOf(places);
    expect(first?.seq).toBe(seq);
    expect(recovery?.facts).toMatchObject({ why: 'stalled', confirmed: seq });
    expect(await places.verify()).toMatchObject({ ok: true, records: 2, recoveries: 1 });
  });

  test('one that does not answer refuses what waits, and its late write is declared (A14)', async () => {
    const { places, log, disk } = await openPlayed({ stallMs: 500 });
    let thaw = (): void => undefined;
    vi.spyOn(disk, 'begins').mockImplementationOnce(() => new Promise((resolve) => (thaw = resolve)));
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
      const { places, log, disk } = await openPlayed();
      await log.append('session', {}, {}, true);
      const failing = stage === 'sync' ? failSyncOnce(disk) : failWriteAfter(disk, 0, 'EIO');
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
    const { places, log, disk } = await openPlayed();
    await log.append('session', {}, {}, true);
    const failing = failWriteAfter(disk, 70);
    await expect(log.append('session', {}, {}, false)).rejects.toThrow(AuditUnavailable);
    await expect(log.close()).rejects.toThrow(AuditUnavailable);
    failing.mockRestore();
    const next = await places.open();
    await next.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 3, recoveries: 1 });
  });
});

/** The log's next fdatasync(2) fails. */
function failSyncOnce(disk: PlayedDisk): Mock {
  return vi.spyOn(disk, 'datasync').mockImplementationOnce(() => {
    throw diskError('EIO');
  });
}

/** The log's next write takes `kept` bytes of what it is given; every one after it fails, as on a full disk. */
function failWriteAfter(disk: PlayedDisk, kept: number, code: 'EIO' | 'ENOSPC' = 'ENOSPC'): Mock {
  const { write } = disk;
  let taken = false;
  return vi.spyOn(disk, 'write').mockImplementation((file, bytes, from, length, at) => {
    if (at !== null) return write(file, bytes, from, length, at);
    if (taken || kept === 0) throw diskError(code);
    taken = true;
    return write(file, bytes, from, Math.min(length, kept), at);
  });
}
