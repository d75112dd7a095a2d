import {
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { compressSegment } from '../../../src/monitor/audit/compression.ts';
import { keepSegments } from '../../../src/monitor/audit/keeper.ts';
import type { AuditLog } from '../../../src/monitor/audit/log.ts';
import { decodeHeadNote, encodeHeadNote, type HeadNote } from '../../../src/shared/audit/head-note.ts';
import { type AuditRecord, hasRecordForm, parseRecord } from '../../../src/shared/audit/record.ts';
import { listSegments, segmentPath } from '../../../src/shared/audit/segments.ts';
import { auditSettings, makePlaces, type Places } from '../../shared/audit/made-log.ts';
import { patience } from '../../support/patience.ts';

const SMALL = auditSettings({ rotate_bytes: 4096, compress: false });
const HOUR_MS = 3_600_000;
const WAIT = { timeout: 30_000 * patience };

function small(places: Places): Promise<AuditLog> {
  return places.open({ settings: () => SMALL });
}

async function write(log: AuditLog, count: number): Promise<void> {
  for (let number = 1; number <= count; number += 1)
    await log.append('session', { session: number, text: 'x'.repeat(400) }, {}, number % 3 === 0);
}

async function recordsOf(places: Places): Promise<AuditRecord[]> {
  return (await places.allLines())
    .filter((line) => hasRecordForm(Buffer.from(line)))
    .map((line) => parseRecord(Buffer.from(line)));
}

function readNote(places: Places): HeadNote {
  return decodeHeadNote(readFileSync(places.head));
}

describe('a segment', () => {
  test('that has its length is closed, and the chain goes on in the next, which says what was before', async () => {
    const places = makePlaces();
    const log = await small(places);
    await write(log, 40);
    await log.close();
    const segments = await listSegments(places.path);
    expect(segments.length).toBeGreaterThan(4);
    expect(await places.verify()).toMatchObject({ ok: true, tail: 'proven' });
    const records = await recordsOf(places);
    for (const [index, { path, first }] of segments.entries()) {
      expect(statSync(path).mode & 0o7777).toBe(0o640);
      const previous = segments[index - 1];
      if (previous === undefined) continue;
      const begins = first ?? readNote(places).segment;
      expect(records[begins - 1]).toMatchObject({
        event: 'rotation',
        facts: {
          previous: {
            name: basename(previous.path),
            first_seq: previous.first,
            last_seq: begins - 1,
            bytes: statSync(previous.path).size,
          },
          why: 'size',
        },
      });
    }
  });

  test('is not closed by age before it holds a record of its own; then it is, also by a clock that was set back', async () => {
    const places = makePlaces();
    let now = Date.parse('2026-01-02T03:04:05Z');
    const clock = {
      wallMilliseconds: () => now,
      monotonicNanoseconds: () => 0n,
      boot: '00000000-0000-4000-8000-000000000000',
      host: 'here',
      writer: 1,
    };
    const log = await places.open({ clock, lookMs: 5 });
    const rotated = (times: number): Promise<void> =>
      vi.waitFor(async () => {
        const events = (await recordsOf(places)).map(({ event }) => event);
        expect(events.filter((event) => event === 'rotation')).toHaveLength(times);
      }, WAIT);
    await write(log, 2);
    now += 25 * HOUR_MS;
    await rotated(1);
    now += 25 * HOUR_MS;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await recordsOf(places)).map(({ event }) => event)).toEqual(['session', 'session', 'rotation']);
    await write(log, 1);
    await rotated(2);
    await write(log, 1);
    now -= 2_000 * HOUR_MS;
    await rotated(3);
    await log.close();
    expect((await recordsOf(places)).at(-1)?.facts).toMatchObject({ why: 'age' });
    expect(await places.verify()).toMatchObject({ ok: true, records: 7 });
  });

  test('goes on after a restart, and its age with it', async () => {
    const places = makePlaces();
    for (let run = 0; run < 4; run += 1) {
      const log = await small(places);
      await write(log, 5);
      await log.close();
    }
    expect(await places.verify()).toMatchObject({ ok: true, recoveries: 0 });
    expect((await listSegments(places.path)).length).toBeLessThan(5);
  });
});

describe('a rotation that was cut short', () => {
  /** What a daemon that is killed, or a power cut, leaves between two steps. */
  const STEPS: [string, (places: Places, before: HeadNote, closed: string) => void][] = [
    [
      'before the file got its closed name',
      (places, before, closed) => {
        renameSync(closed, places.path);
        writeFileSync(places.head, encodeHeadNote(before));
      },
    ],
    [
      'before there was a new file',
      (places, before) => {
        rmSync(places.path);
        writeFileSync(places.head, encodeHeadNote(before));
      },
    ],
    [
      'before the note named the new one',
      (places, before) => {
        truncateSync(places.path, 0);
        writeFileSync(places.head, encodeHeadNote(before));
      },
    ],
    [
      'before the new one had a record',
      (places) => {
        truncateSync(places.path, 0);
        const { boot, segment, durable } = readNote(places);
        const begin = { seq: segment - 1, hash: firstPrevious(places), bytes: 0 };
        expect(durable.seq).toBe(segment);
        const heads = { durable: begin, standing: begin, writing: null };
        writeFileSync(places.head, encodeHeadNote({ boot, segment, ...heads }));
      },
    ],
    [
      'within its first record',
      (places) => {
        const { boot, segment, standing } = readNote(places);
        const begin = { seq: segment - 1, hash: firstPrevious(places), bytes: 0 };
        truncateSync(places.path, 77);
        writeFileSync(
          places.head,
          encodeHeadNote({ boot, segment, durable: begin, standing: begin, writing: standing }),
        );
      },
    ],
  ];
  let previousHash = '';
  function firstPrevious(_places: Places): string {
    return previousHash;
  }

  test.each(STEPS)(
    '%s is finished at the next start, without loss and without complaint (A8)',
    async (_title, undo) => {
      const places = makePlaces();
      const first = await small(places);
      await write(first, 3);
      await first.close();
      const before = readNote(places);
      previousHash = before.standing.hash;
      const rotating = await places.open({ settings: () => ({ ...SMALL, rotate_bytes: 1 }) });
      await rotating.close();
      expect(await listSegments(places.path)).toHaveLength(2);
      undo(places, before, segmentPath(places.path, 1));

      const log = await small(places);
      await log.append('session', { session: 9 }, {}, true);
      await log.close();
      expect(await places.verify()).toMatchObject({ ok: true, firstBad: null });
      const records = await recordsOf(places);
      expect(records.filter(({ event }) => event === 'session').map(({ facts }) => facts['session'])).toEqual(
        [...[1, 2, 3, 9]],
      );
      const second = await places.open();
      await second.close();
      expect(await places.verify()).toMatchObject({ ok: true });
    },
  );
});

test('the segment that a rotation is closing is not compressed before its record is written: a kill until then is no loss (A8)', async () => {
  const places = makePlaces();
  const log = await small(places);
  await write(log, 12);
  await log.close();
  renameSync(places.path, segmentPath(places.path, readNote(places).segment));
  writeFileSync(places.path, '', { mode: 0o640 });
  let looked = (): void => undefined;
  const hasLooked = new Promise<void>((resolve) => (looked = resolve));
  const keeper = keepSegments({
    path: places.path,
    settings: () => ({
      ...auditSettings(),
      get retention() {
        looked();
        return SMALL.retention;
      },
    }),
    compress: compressSegment,
    now: Date.now,
    append: () => Promise.reject(new Error('nothing is to be recorded')),
    sealNow: async () => undefined,
    isWriting: () => true,
    report: (message) => expect(message).toBe(''),
    changed: () => undefined,
  });
  keeper.wake();
  await hasLooked;
  await keeper.close();
  const closed = (await listSegments(places.path)).slice(0, -1);
  expect(closed.map(({ isCompressed }) => isCompressed)).toEqual(
    closed.map((_, index) => index < closed.length - 1),
  );
  await (await small(places)).close();
  expect(await places.verify()).toMatchObject({ ok: true, records: 12 + closed.length });
});

test('a power cut in a rotation that took the last notes, too, is finished, and what it took is declared (A8)', async () => {
  const places = makePlaces();
  const first = await small(places);
  await write(first, 1);
  await first.close();
  // What a note of the records behind this one never came to disk says.
  const older = { ...readNote(places), boot: '00000000-0000-4000-8000-000000000000' };
  const more = await small(places);
  await write(more, 3);
  await more.close();
  renameSync(places.path, segmentPath(places.path, 1));
  writeFileSync(places.head, encodeHeadNote(older));
  const log = await small(places);
  await log.append('session', { session: 9 }, {}, true);
  await log.close();
  expect(await places.verify()).toMatchObject({ ok: true, records: 7, recoveries: 1 });
  const [, , , , rotation, recovery] = await recordsOf(places);
  expect(rotation).toMatchObject({
    event: 'rotation',
    facts: { why: 'unfinished', previous: { last_seq: 4 } },
  });
  expect(recovery).toMatchObject({
    event: 'recovery',
    facts: { why: 'rebooted', confirmed: 1, added: 3, missing: 0, fragment: null },
  });
});

describe('a rotation that fails', () => {
  test('refuses what waits until it works; then the segment begins with it and a recovery record (A8, A1)', async () => {
    const places = makePlaces();
    const log = await small(places);
    await write(log, 3);
    const taken = segmentPath(places.path, 1);
    writeFileSync(taken, '');
    await expect(write(log, 20)).rejects.toThrow(`${basename(taken)} is there already`);
    expect(log.state).toBe('failing');
    log.countRefused();
    rmSync(taken);
    await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
    await write(log, 2);
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, recoveries: 1 });
    const records = await recordsOf(places);
    const recovery = records.find(({ event }) => event === 'recovery');
    expect(recovery?.facts).toMatchObject({
      why: 'rotate',
      added: 0,
      missing: 0,
      fragment: null,
      refused: 1,
    });
  });

  test.each(['sync', 'datasync', 'chmod'] as const)(
    'at %s of its files goes on where it ended',
    async (method) => {
      const places = makePlaces();
      const log = await small(places);
      await write(log, 5);
      const anyFile = await open('/dev/null');
      const files = Object.getPrototypeOf(anyFile) as FileHandle;
      await anyFile.close();
      const original = files[method] as (this: FileHandle) => Promise<void>;
      let calls = 0;
      const failing = vi.spyOn(files, method).mockImplementation(function (
        this: FileHandle,
        ...given: unknown[]
      ) {
        calls += 1;
        const failed = calls <= 2;
        return failed
          ? Promise.reject(new Error('EIO: made by the test'))
          : original.apply(this, given as []);
      });
      await expect(write(log, 20)).rejects.toThrow('EIO');
      // One that could not even begin is tried again when there is a record to write.
      while (calls <= 2) {
        await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
        await write(log, 1).catch((error: unknown) => expect(String(error)).toContain('EIO'));
      }
      await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
      failing.mockRestore();
      await write(log, 20);
      await log.close();
      expect(calls).toBeGreaterThan(2);
      expect(await places.verify()).toMatchObject({ ok: true, firstBad: null });
    },
  );
});

describe('a file that something else renames or cuts while the daemon runs', () => {
  test.each([
    [
      'renamed',
      (path: string) => renameSync(path, `${path}.1`),
      (path: string) => renameSync(`${path}.1`, path),
    ],
    [
      'renamed, with a new one in its place',
      (path: string) => {
        renameSync(path, `${path}.1`);
        writeFileSync(path, '', { mode: 0o640 });
      },
      (path: string) => renameSync(`${path}.1`, path),
    ],
    [
      'copied and cut',
      (path: string) => {
        copyFileSync(path, `${path}.1`);
        truncateSync(path, 0);
      },
      (path: string) => writeFileSync(path, readFileSync(`${path}.1`)),
    ],
  ])(
    'is noticed at the next record: %s; nothing is written until it is as it was (A8)',
    async (_title, harm, mend) => {
      const places = makePlaces();
      const log = await small(places);
      await write(log, 3);
      harm(places.path);
      await expect(write(log, 1)).rejects.toThrow('Cannot write the audit record');
      await new Promise((resolve) => setTimeout(resolve, 60));
      expect(log.state).toBe('failing');
      mend(places.path);
      await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
      await write(log, 1);
      await log.close();
      expect(await places.verify()).toMatchObject({ ok: true, recoveries: 1 });
      const recovery = (await recordsOf(places)).find(({ event }) => event === 'recovery');
      expect(recovery?.facts).toMatchObject({ why: 'changed' });
    },
  );
});
