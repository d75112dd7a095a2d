import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { END_OF_REFUSAL } from '../../../src/boundary/end-reasons.ts';
import { refusalEnd } from '../../../src/driverctl/audit/call-outcome.ts';
import { createCallCounter, GROUPS_MAXIMUM } from '../../../src/driverctl/audit/call-statistics.ts';
import { viewRecord } from '../../../src/driverctl/audit/record-view.ts';
import { compressedPath } from '../../../src/shared/audit/segments.ts';
import { run } from '../played-surroundings.ts';
import { denial, requestIdOf, wholeCall } from './played-calls.ts';
import { type PlayedLog, playLog } from './played-log.ts';

interface Counts {
  readonly calls: number;
  readonly ok: number;
  readonly failed: number;
  readonly denied: number;
  readonly invalid: number;
  readonly refused: number;
  readonly latency_us: { readonly count: number; readonly p50: number | null; readonly max: number | null };
}

interface Statistics extends Counts {
  readonly counted: number;
  readonly ends: Readonly<Record<string, number>>;
  readonly drivers: readonly (Counts & { readonly driver: string | null })[];
  readonly methods: readonly (Counts & { readonly method: string | null })[];
  readonly callers: readonly (Counts & { readonly uid: number | null; readonly user: string | null })[];
}

async function stats(log: PlayedLog, ...words: string[]): Promise<Statistics> {
  const { status, stdout, stderr } = await run(['audit', 'stats', '--json', '--log', log.path, ...words]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** Ten calls of root to one method, a failed one of another user, a denial and an interrupted call; in two files. */
function playCalls(): PlayedLog {
  const log = playLog();
  for (let call = 1; call <= 10; call += 1)
    log.add(...wholeCall({ call, uid: 0, totalMicroseconds: call * 1_000 }));
  log.compress(log.rotate());
  log.add(
    ...wholeCall({ call: 11, method: 'web.get', end: 'timeout', uid: 1, totalMicroseconds: 9_000_000 }),
  );
  log.add(denial({ call: 12, uid: 1, method: 'web.get' }));
  log.add({
    event: 'interrupted',
    facts: { session: 1, uid: 0, why: 'broker-ended', end_reason: 'interrupted' },
    claims: { call: 13, request_id: requestIdOf(13), method: 'disk.usage' },
  });
  return log;
}

describe('audit stats', () => {
  test('counts calls by what came of them, over all segments', async () => {
    const { ends, ...counts } = await stats(playCalls());
    expect(counts).toMatchObject({
      calls: 13,
      ok: 10,
      failed: 2,
      denied: 1,
      invalid: 0,
      refused: 0,
      counted: 0,
    });
    expect(ends).toEqual({ ok: 10, timeout: 1, interrupted: 1, denied: 1 });
  });

  test('groups them by driver, method and caller, those with the most calls first', async () => {
    const { drivers, methods, callers } = await stats(playCalls());
    expect(drivers.map(({ driver, calls }) => [driver, calls])).toEqual([
      ['disk', 11],
      ['web', 2],
    ]);
    expect(methods.map(({ method, denied }) => [method, denied])).toEqual([
      ['disk.usage', 0],
      ['web.get', 1],
    ]);
    expect(callers.map(({ uid, user, failed }) => [uid, user, failed])).toEqual([
      [0, 'root', 1],
      [1, 'daemon', 1],
    ]);
  });

  test('tells how long calls took that ran, as the monitor saw it', async () => {
    const { latency_us, drivers } = await stats(playCalls());
    expect(latency_us).toMatchObject({ count: 11, max: 9_000_000 });
    expect(drivers[0]?.latency_us.count).toBe(10);
    expect(drivers[0]?.latency_us.p50).toBeGreaterThanOrEqual(5_000);
    expect(drivers[0]?.latency_us.p50).toBeLessThan(5_100);
    expect((await stats(playLog())).latency_us).toEqual({
      count: 0,
      p50: null,
      p95: null,
      p99: null,
      max: null,
    });
  });

  test('is bounded by time', async () => {
    const log = playCalls();
    expect((await stats(log, '--until', '2026-01-02T03:00:04Z')).calls).toBe(1);
    expect((await stats(log, '--since', '2026-01-03')).calls).toBe(0);
  });

  test('counts the refusals of a flood, which have no record of their own, and no launches and sessions among them', async () => {
    const log = playLog();
    const reasons = {
      forbidden: 70,
      'invalid-params': 20,
      overloaded: 7,
      'launch paused': 5,
      'session too-many': 3,
    };
    log.add({ event: 'refusals', facts: { uid: 0, from: 'x', to: 'y' }, claims: { reasons, total: 105 } });
    const { callers, ...counts } = await stats(log);
    expect(counts).toMatchObject({ calls: 97, denied: 70, invalid: 20, refused: 7, counted: 97 });
    expect(counts.ends).toEqual({ denied: 70, invalid: 20, overloaded: 7 });
    expect(callers).toMatchObject([{ uid: 0, calls: 97 }]);
  });

  test('of a log that was made to mislead is bounded, and says which lines it did not count', async () => {
    const log = playLog();
    log.add({ event: 'refusals', claims: { reasons: { forbidden: -1, overloaded: 1.5, paused: 'x' } } });
    log.add({
      event: 'call-end',
      facts: { uid: 'x', stages_us: { total: 'y' } },
      claims: { method: 7, end_reason: 1 },
    });
    log.addBytes('{"event":"denied" \x1b[2J\n{"event":"denied","facts":{"\\u0075id":5},"claims":{}}\n');
    const { status, stdout, stderr } = await run(['audit', 'stats', '--json', '--log', log.path]);
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: 'driverctl: One line is no record, and not counted\n',
    });
    expect(JSON.parse(stdout)).toMatchObject({
      calls: 2,
      failed: 1,
      denied: 1,
      callers: [{ uid: null }, { uid: 5 }],
    });
  });

  test('tells apart so many names and no more', () => {
    const counter = createCallCounter();
    for (let index = 0; index < GROUPS_MAXIMUM + 50; index += 1) {
      const line = `{"event":"denied","facts":{"uid":${index}},"claims":{"method":"m${index}.x"}}`;
      const view = viewRecord(Buffer.from(line));
      if (view !== null) counter.add(view);
    }
    const { methods, callers, all } = counter.statistics;
    expect(all.calls).toBe(GROUPS_MAXIMUM + 50);
    expect(methods.size).toBeLessThanOrEqual(GROUPS_MAXIMUM + 1);
    expect(methods.get(null)?.calls).toBe(50);
    expect(callers.get(null)?.calls).toBe(50);
  });

  test('on a terminal is tables, without an effect on it (U1)', async () => {
    const log = playCalls();
    log.add(denial({ call: 20, method: 'x\u001b[2J.y', uid: 4_000_000_000 }));
    const { stdout } = await run(['audit', 'stats', '--log', log.path], { terminal: true });
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(stdout).toMatch(/^CALLS +OK +FAILED +DENIED +INVALID +REFUSED +P50 +P95 +P99 +MAX$/m);
    expect(stdout).toMatch(/^14 +10 +2 +2 +0 +0 +\S+ ms .* 9 s$/m);
    expect(stdout).toMatch(/^x\\x1b\[2J\.y +1 +0 +0 +1/m);
    expect(stdout).toMatch(/^root \(0\) +11 /m);
    expect(stdout).toMatch(/^- \(4000000000\) +1 /m);
  });

  test('gives what it can read, says what it could not, and ends with a status of its own', async () => {
    const log = playCalls();
    const first = compressedPath(`${log.folder}/audit-0000000000000001.jsonl`);
    writeFileSync(first, readFileSync(first).subarray(0, 100));
    const { status, stdout, stderr } = await run(['audit', 'stats', '--json', '--log', log.path]);
    expect(status).toBe(10);
    expect(JSON.parse(stdout)).toMatchObject({ denied: 1 });
    expect(stderr).toContain(`Cannot read ${first}: `);
  });
});

test('refusals that were counted by their reason count as those that have records', () => {
  for (const [reason, end] of Object.entries(END_OF_REFUSAL)) expect(refusalEnd(reason)?.word).toBe(end);
});
