import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type AuditLog, type AuditLogOptions, openAuditLog } from '../../../src/monitor/audit/log.ts';
import { AuditUnavailable } from '../../../src/monitor/audit/unavailable.ts';
import { type AuditRecord, hasRecordForm, parseRecord } from '../../../src/shared/audit/record.ts';
import { listSegments, reservePath } from '../../../src/shared/audit/segments.ts';
import { verifyLog } from '../../../src/shared/audit/verify.ts';
import { auditSettings, makeFolder } from '../../shared/audit/made-log.ts';
import { readSegment } from '../../shared/audit/read-segment.ts';
import { startAppendingThread } from '../../support/appending-thread.ts';
import { patience } from '../../support/patience.ts';

const WAIT = { timeout: 30_000 * patience };
const RESERVE_BYTES = 65_536;
const LOW_WATER_BYTES = 200_000;

interface SmallDisk {
  readonly folder: string;
  open(options?: Partial<AuditLogOptions>): Promise<AuditLog>;
  /** Leaves so many bytes free. */
  fill(leave: number): void;
  empty(): void;
  free(): number;
  reserve(): number;
  records(): Promise<AuditRecord[]>;
  verify(): ReturnType<typeof verifyLog>;
}

/** A file system of 1 MiB; the state folder lies outside it. */
function mountSmallDisk(): SmallDisk {
  const outer = makeFolder();
  const [folder, state] = [join(outer, 'small'), join(outer, 'state')];
  for (const made of [folder, state]) mkdirSync(made, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0750', 'tmpfs', folder]);
  onTestFinished(() => void execFileSync('umount', ['--lazy', folder]));
  const path = join(folder, 'audit.jsonl');
  const ballast = join(folder, 'ballast');
  const settings = auditSettings({
    ...{ reserve_bytes: RESERVE_BYTES, low_water_bytes: LOW_WATER_BYTES, compress: false },
  });
  const free = (): number => {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  };
  return {
    folder,
    open: (options) =>
      openAuditLog({
        path,
        stateFolder: state,
        settings: () => settings,
        appender: startAppendingThread(path),
        retryMs: 20,
        lookMs: 20,
        ...options,
      }),
    fill(leave) {
      rmSync(ballast, { force: true });
      writeFileSync(ballast, Buffer.alloc(Math.max(0, free() - leave)));
    },
    empty: () => rmSync(ballast, { force: true }),
    free,
    reserve: () => statSync(reservePath(path)).size,
    async records() {
      const records: AuditRecord[] = [];
      for (const segment of await listSegments(path)) {
        await readSegment(segment, ({ bytes }) => {
          if (hasRecordForm(bytes)) records.push(parseRecord(bytes));
          return true;
        });
      }
      return records;
    },
    verify: () => verifyLog(path, join(state, 'audit-head')),
  };
}

/** Calls until the log refuses; gives the numbers of those whose intent is on record. */
async function callUntilFull(log: AuditLog): Promise<number[]> {
  const open: number[] = [];
  for (let call = 1; ; call += 1) {
    try {
      await log.append('call-start', { text: 'x'.repeat(300) }, { call }, false);
      open.push(call);
    } catch (error) {
      expect(error).toBeInstanceOf(AuditUnavailable);
      log.countRefused();
      return open;
    }
  }
}

describe('the reserve', () => {
  test('is of real bytes, also where a file of holes or of another length lay there', async () => {
    const disk = mountSmallDisk();
    const path = reservePath(join(disk.folder, 'audit.jsonl'));
    writeFileSync(path, '', { mode: 0o640 });
    truncateSync(path, RESERVE_BYTES);
    const before = disk.free();
    for (let start = 0; start < 2; start += 1) {
      const log = await disk.open();
      await log.close();
      const { size, blocks, mode } = statSync(path);
      expect({ size, real: blocks * 512 >= size, mode: mode & 0o777 }).toEqual({
        size: RESERVE_BYTES,
        real: true,
        mode: 0o640,
      });
    }
    expect(before - disk.free()).toBeGreaterThanOrEqual(RESERVE_BYTES);
  });

  test('is given up on a full disk: what is under way is closed on record, nothing new is accepted (A1, invariant 11)', async () => {
    const disk = mountSmallDisk();
    const log = await disk.open();
    disk.fill(30_000);
    const open = await callUntilFull(log);
    expect(open.length).toBeGreaterThan(10);
    expect(log.state).toBe('failing');
    // At once: it waits until the reserve is given up.
    const first = log.append('call-end', { text: 'x'.repeat(300) }, { call: open[0] ?? 0 }, true);
    await vi.waitFor(() => expect(log.conditions).toContain('reserve-given-up'), WAIT);
    await first;
    for (const event of ['call-start', 'launch', 'session', 'denied', 'invalid', 'refused'] as const) {
      await expect(log.append(event, {}, {}, false)).rejects.toThrow('ENOSPC');
      log.countRefused();
    }
    for (const call of open.slice(1)) await log.append('call-end', { text: 'x'.repeat(300) }, { call }, true);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(log.state).toBe('failing');
    expect(() => disk.reserve()).toThrow('ENOENT');

    disk.empty();
    await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
    expect(disk.reserve()).toBe(RESERVE_BYTES);
    expect(log.conditions).not.toContain('reserve-given-up');
    await log.append('call-start', {}, { call: 0 }, true);
    await log.close();

    expect(await disk.verify()).toMatchObject({ ok: true, firstBad: null });
    const records = await disk.records();
    const ends = records.filter(({ event }) => event === 'call-end').map(({ claims }) => claims['call']);
    expect(ends).toEqual(open);
    const recoveries = records.filter(({ event }) => event === 'recovery');
    expect(recoveries.map(({ facts }) => [facts['why'], facts['error'], facts['refusing']])).toEqual([
      ['write', 'ENOSPC', true],
      ['write', 'ENOSPC', false],
    ]);
    expect(recoveries.reduce((sum, { facts }) => sum + Number(facts['refused']), 0)).toBe(7);
    expect(recoveries[1]?.facts['since']).toBe(recoveries[0]?.facts['since']);
  });

  test('lets the log be closed on a full disk, and a start wait for room (A1)', async () => {
    const disk = mountSmallDisk();
    const log = await disk.open();
    disk.fill(30_000);
    await callUntilFull(log);
    await vi.waitFor(() => expect(log.conditions).toContain('reserve-given-up'), WAIT);
    log.countRefused();
    await log.append('daemon-stop', { status: 0 }, {}, true);
    await log.close();
    expect(await disk.verify()).toMatchObject({ ok: true, tail: 'proven' });
    const last = (await disk.records()).at(-1);
    expect(last).toMatchObject({ event: 'recovery', facts: { refused: 1, refusing: true } });
    await expect(disk.open()).rejects.toBeInstanceOf(AuditUnavailable);
    expect(() => disk.reserve()).toThrow('ENOENT');
    disk.empty();
    const next = await disk.open();
    await next.close();
    expect(await disk.verify()).toMatchObject({ ok: true });
  });

  test('is used up in the end: then nothing is accepted, and all goes on when there is room (A1)', async () => {
    const disk = mountSmallDisk();
    const log = await disk.open();
    disk.fill(30_000);
    await callUntilFull(log);
    await vi.waitFor(() => expect(log.conditions).toContain('reserve-given-up'), WAIT);
    const ends = async (): Promise<void> => {
      for (;;) await log.append('launch-end', { text: 'x'.repeat(1_000) }, {}, false);
    };
    await expect(ends()).rejects.toThrow(AuditUnavailable);
    await expect(log.append('launch-end', {}, {}, false)).rejects.toThrow(AuditUnavailable);
    disk.empty();
    await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
    await log.close();
    expect(await disk.verify()).toMatchObject({ ok: true, firstBad: null });
  });
});

test('low space is recorded once for each fall, shown, and over when there is room again', async () => {
  const disk = mountSmallDisk();
  const log = await disk.open();
  for (let fall = 1; fall <= 3; fall += 1) {
    disk.fill(LOW_WATER_BYTES / 2);
    await vi.waitFor(() => expect(log.conditions).toEqual(['low-space']), WAIT);
    await new Promise((resolve) => setTimeout(resolve, 100));
    disk.empty();
    await vi.waitFor(() => expect(log.conditions).toEqual([]), WAIT);
  }
  await log.close();
  const low = (await disk.records()).filter(({ event }) => event === 'audit-low-space');
  expect(low).toHaveLength(3);
  for (const { facts } of low) {
    expect(facts['low_water_bytes']).toBe(LOW_WATER_BYTES);
    expect(facts['free_bytes']).toBeLessThan(LOW_WATER_BYTES);
  }
});

test('a disk that becomes read-only refuses from the next rotation on, and work goes on by itself when it is not any more (A1)', async () => {
  const disk = mountSmallDisk();
  const settings = auditSettings({ rotate_bytes: 4_096, reserve_bytes: RESERVE_BYTES, compress: false });
  const log = await disk.open({ settings: () => settings });
  const mount = (...options: string[]): void => void execFileSync('mount', [...options, disk.folder]);
  // What is open for writing keeps a file system from becoming read-only; a bind mount of it does not care.
  mount('--bind', disk.folder);
  onTestFinished(() => void execFileSync('umount', ['--lazy', disk.folder]));
  mount('-o', 'remount,bind,ro');
  await callUntilFull(log);
  await expect(log.append('call-start', {}, {}, false)).rejects.toThrow('EROFS');
  expect(log.conditions).not.toContain('reserve-given-up');
  mount('-o', 'remount,bind,rw');
  await vi.waitFor(() => expect(log.state).toBe('writing'), WAIT);
  await log.append('call-start', {}, {}, true);
  await log.close();
  expect(await disk.verify()).toMatchObject({ ok: true, recoveries: 1 });
  const recovery = (await disk.records()).find(({ event }) => event === 'recovery');
  expect(recovery?.facts).toMatchObject({ why: 'rotate', error: 'EROFS', refused: 1, refusing: false });
});
