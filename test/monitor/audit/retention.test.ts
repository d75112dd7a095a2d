import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { compressSegment } from '../../../src/monitor/audit/compression.ts';
import { type Keeper, keepSegments } from '../../../src/monitor/audit/keeper.ts';
import type { AuditLog, AuditLogOptions, AuditSettings } from '../../../src/monitor/audit/log.ts';
import { type ClosedFile, chooseRemoved, REMOVED_MAXIMUM } from '../../../src/monitor/audit/retention.ts';
import { type AuditRecord, parseRecord } from '../../../src/shared/audit/record.ts';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { verifyLog } from '../../../src/shared/audit/verify.ts';
import { auditSettings, makePlaces, type Places } from '../../shared/audit/made-log.ts';
import { patience } from '../../support/patience.ts';
import { playAppender } from '../../support/played-appender.ts';

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;
const WAIT = { timeout: 30_000 * patience };

/** Segments of 100 bytes, closed so many days ago. */
function closed(...daysAgo: readonly number[]): ClosedFile[] {
  return daysAgo.map((days, index) => ({
    ...{ path: `audit-${index}`, first: index * 10 + 1, last: index * 10 + 10, lastHash: 'a', bytes: 100 },
    closedAt: NOW - days * DAY_MS,
  }));
}

describe('what is removed', () => {
  const CASES: [string, Parameters<typeof chooseRemoved>[2], number, string | null, boolean][] = [
    ['nothing without a limit', { max_bytes: null, max_days: null, min_days: 0 }, 0, null, false],
    ['what is over the age', { max_bytes: null, max_days: 30, min_days: 7 }, 2, 'age', false],
    [
      'what is over the size, the open one counted',
      { max_bytes: 400, max_days: null, min_days: 7 },
      2,
      'size',
      false,
    ],
    ['the more of both', { max_bytes: 450, max_days: 30, min_days: 0 }, 2, 'age', false],
    [
      'nothing that is too young, which is refused',
      { max_bytes: 150, max_days: null, min_days: 7 },
      3,
      'size',
      true,
    ],
    ['all, where there is no least age', { max_bytes: 0, max_days: null, min_days: 0 }, 5, 'size', false],
    ['nothing, where all is too young', { max_bytes: 0, max_days: null, min_days: 400 }, 0, 'size', true],
  ];

  test.each(CASES)('is %s', (_title, limits, count, why, isRefused) => {
    const files = closed(300, 31, 8, 3, 1);
    expect(chooseRemoved(files, 50, limits, NOW)).toEqual({ remove: files.slice(0, count), why, isRefused });
  });

  test('ends at the first that is too young, even where a clock made a later one look older', () => {
    const files = closed(300, 1, 300);
    const limits = { max_bytes: 0, max_days: null, min_days: 7 };
    expect(chooseRemoved(files, 0, limits, NOW)).toMatchObject({
      remove: files.slice(0, 1),
      isRefused: true,
    });
  });

  test('is named by records of bounded length (invariant 14)', () => {
    const files = closed(...Array.from({ length: 1_000 }, () => 300));
    const limits = { max_bytes: null, max_days: 1, min_days: 0 };
    expect(chooseRemoved(files, 0, limits, NOW).remove).toHaveLength(REMOVED_MAXIMUM);
  });
});

const SMALL = { rotate_bytes: 4096, compress: false };

async function write(log: AuditLog, count: number): Promise<void> {
  for (let session = 1; session <= count; session += 1)
    await log.append('session', { session, text: 'x'.repeat(400) }, {}, false);
}

async function recordsOf(places: Places): Promise<AuditRecord[]> {
  return (await places.allLines()).map((line) => parseRecord(Buffer.from(line)));
}

function withRetention(retention: Partial<AuditSettings['retention']>): Partial<AuditLogOptions> {
  const settings = auditSettings({
    ...SMALL,
    retention: { max_bytes: null, max_days: null, min_days: 0, ...retention },
  });
  return { settings: () => settings, lookMs: 50 };
}

/** Looks after a log's segments as the log itself does, with a seal that is the test's. */
function keepBeside(
  places: Places,
  log: AuditLog,
  retention: Partial<AuditSettings['retention']>,
  sealNow: () => Promise<void>,
): Keeper {
  const { settings } = withRetention(retention);
  return keepSegments({
    ...{ path: places.path, settings: settings ?? auditSettings, append: log.append, sealNow },
    ...{ compress: compressSegment, now: Date.now, isWriting: () => true },
    ...{ report: () => undefined, changed: () => undefined },
  });
}

describe('a log over its limit', () => {
  test('loses its oldest segments, after a record of it is on disk and sealed; it is proven from there on (A8)', async () => {
    const places = makePlaces();
    const order: string[] = [];
    let files: readonly string[] = [];
    const log = await places.open(withRetention({}));
    const keeper = keepBeside(places, log, { max_bytes: 65_536 }, async () => {
      const last = (await recordsOf(places)).findLast(({ event }) => event === 'retention');
      const removed = last?.facts['removed'] as { name: string }[];
      files = removed.map(({ name }) => name);
      order.push(...files.map((name) => `${existsSync(`${places.folder}/${name}`)}`));
    });
    await write(log, 300);
    keeper.wake();
    await vi.waitFor(async () => {
      const [oldest] = await listSegments(places.path);
      expect(oldest?.first).toBeGreaterThan(50);
    }, WAIT);
    await keeper.close();
    await log.close();
    expect(order).not.toHaveLength(0);
    expect(order.every((exists) => exists === 'true')).toBe(true);
    expect(files.some((name) => existsSync(`${places.folder}/${name}`))).toBe(false);
    for (const head of [places.head, null]) {
      const result = await verifyLog(places.path, head);
      expect(result).toMatchObject({ ok: true, firstBad: null });
      expect(result.begins).toBe((await listSegments(places.path))[0]?.first);
    }
    const last = (await recordsOf(places)).findLast(({ event }) => event === 'retention');
    const [first] = await recordsOf(places);
    expect(last?.facts).toMatchObject({
      last_seq: (first?.seq ?? 0) - 1,
      last_hash: first?.prev,
      why: 'size',
    });
  });

  test('is bad where more was removed than its record says, or another record is in its place (A8)', async () => {
    const places = makePlaces();
    const log = await places.open(withRetention({ max_bytes: 65_536 }));
    await write(log, 300);
    await vi.waitFor(
      async () => expect((await listSegments(places.path))[0]?.first).toBeGreaterThan(50),
      WAIT,
    );
    await log.close();
    const [oldest] = await listSegments(places.path);
    const kept = readFileSync(oldest?.path ?? '');
    rmSync(oldest?.path ?? '');
    for (const head of [places.head, null]) {
      expect(await verifyLog(places.path, head, { rereads: 1 })).toMatchObject({
        ok: false,
        firstBad: { what: 'missing', seq: oldest?.first, segment: basename(oldest?.path ?? '') },
      });
    }
    writeFileSync(oldest?.path ?? '', kept);
    expect((await places.verify()).ok).toBe(true);
  });

  test('is taken up where a crash came between the record and the removal, and the removal is finished', async () => {
    const places = makePlaces();
    const first = await places.open(withRetention({}));
    await write(first, 100);
    await first.close();
    const before = await listSegments(places.path);
    // One that hangs after the record: nothing is removed.
    const stuck = await places.open(withRetention({}));
    const keeper = keepBeside(places, stuck, { max_bytes: 20_000 }, () =>
      Promise.reject(new Error('made by the test')),
    );
    keeper.wake();
    await vi.waitFor(
      async () => expect((await recordsOf(places)).some(({ event }) => event === 'retention')).toBe(true),
      WAIT,
    );
    await keeper.close();
    await stuck.close();
    expect((await listSegments(places.path)).slice(0, 3)).toEqual(before.slice(0, 3));
    expect(await places.verify()).toMatchObject({ ok: true, begins: 1 });
    // Half of it was done: oldest first.
    rmSync(before[0]?.path ?? '');
    expect(await places.verify()).toMatchObject({ ok: true, begins: before[1]?.first });
    const next = await places.open({
      settings: () =>
        auditSettings({ ...SMALL, retention: { max_bytes: 20_000, max_days: null, min_days: 0 } }),
    });
    await vi.waitFor(
      async () => expect((await listSegments(places.path)).length).toBeLessThan(before.length / 2),
      WAIT,
    );
    await next.close();
    expect(await places.verify()).toMatchObject({ ok: true, tail: 'proven' });
  });

  test('loses its oldest segments as soon as it can be written again, where it could not be when it was looked at', async () => {
    const places = makePlaces();
    const first = await places.open(withRetention({}));
    await write(first, 100);
    await first.close();
    const before = await listSegments(places.path);
    const { appender, disk } = playAppender(places.path);
    let additions = 0;
    disk.begins = async () => {
      additions += 1;
      if (additions === 1) await wait(1_000);
    };
    const { settings = auditSettings } = withRetention({ max_bytes: 20_000 });
    const log = await places.open({ settings, appender, stallMs: 200, lookMs: 3_600_000 });
    const states: string[] = [];
    log.onStateChange((state) => states.push(state));
    await vi.waitFor(
      async () => expect((await listSegments(places.path)).length).toBeLessThan(before.length / 2),
      WAIT,
    );
    await log.close();
    expect(states.slice(0, 2)).toEqual(['failing', 'writing']);
    expect(await places.verify()).toMatchObject({ ok: true, tail: 'proven' });
  });

  test('keeps what is younger than the least age whatever is asked, says so once, and shows it (invariant 11)', async () => {
    const places = makePlaces();
    let min_days = 7;
    // Not compressed: that would bring the log below its limit and above it again.
    const settings = (): AuditSettings =>
      auditSettings({
        ...SMALL,
        compress: false,
        retention: { max_bytes: 65_536, max_days: null, min_days },
      });
    const log = await places.open({ settings, lookMs: 1 });
    await write(log, 300);
    await vi.waitFor(() => expect(log.conditions).toEqual(['retention-refused']), WAIT);
    await write(log, 30);
    expect((await listSegments(places.path))[0]?.first).toBe(1);
    const refused = (await recordsOf(places)).filter(({ event }) => event === 'retention-refused');
    expect(refused.map(({ facts }) => facts)).toEqual([{ why: 'size', min_days: 7 }]);
    min_days = 0;
    await vi.waitFor(() => expect(log.conditions).toEqual([]), WAIT);
    await log.close();
    expect((await listSegments(places.path))[0]?.first).toBeGreaterThan(1);
    expect(await places.verify()).toMatchObject({ ok: true });
  });
});
