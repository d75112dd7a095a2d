import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { CALLS_PER_RECORD, createCheckpoints } from '../../../src/monitor/audit/checkpoints.ts';
import type { AuditLog } from '../../../src/monitor/audit/log.ts';
import { closeEarlierCalls, findOpenCalls } from '../../../src/monitor/audit/open-calls.ts';
import { type CallsOptions, createCalls } from '../../../src/monitor/calls.ts';
import { decodeHeadNote, encodeHeadNote } from '../../../src/shared/audit/head-note.ts';
import { paramsKey } from '../../../src/shared/audit/params-hash.ts';
import { compressedPath, listSegments, segmentPath } from '../../../src/shared/audit/segments.ts';
import { makePlaces, type Places } from '../../shared/audit/made-log.ts';
import { recordProblem } from '../../support/record-schema.ts';
import { intentOf, outcomeOf, playedSession } from '../played-call.ts';

interface Run {
  readonly log: AuditLog;
  readonly calls: ReturnType<typeof createCalls>;
  /** The log's files as a daemon leaves them that is killed: nothing of it is closed. */
  kill(): Promise<void>;
}

const session = playedSession(7);

async function run(places: Places, checkpointEvery = 1_000): Promise<Run> {
  const log = await places.open();
  await log.append('daemon-start', {}, {}, true);
  const key = paramsKey(Buffer.alloc(32), '2026-01-02T03:04:05.678Z');
  const calls = createCalls(log, {
    refusals: { admit: () => 'whole' } as unknown as CallsOptions['refusals'],
    durability: () => 'outcome',
    paramsRule: () => ({ key, onRecord: 'hash' }),
    denied: () => undefined,
    written: (seq) => checkpoints.written(seq),
  });
  const checkpoints = createCheckpoints(log, calls.openCalls, checkpointEvery);
  return { log, calls, kill: () => log.close() };
}

/** Begins a call and, unless it is to stay open, ends it. */
async function call({ calls }: Run, number: number, ends: boolean): Promise<void> {
  await calls.intent(session, intentOf(number));
  if (ends) await calls.outcome(outcomeOf(number));
}

/** Makes a closed segment of what stands in the log; the next records stand in a new file. */
function rotate(places: Places, first: number, compressed: boolean): void {
  const closed = segmentPath(places.path, first);
  renameSync(places.path, closed);
  if (!compressed) return;
  writeFileSync(compressedPath(closed), gzipSync(readFileSync(closed)));
  rmSync(closed);
}

const numbers = async (places: Places): Promise<number[]> =>
  (await findOpenCalls(places.path)).map((found) => found.call);

describe('a daemon that was killed', () => {
  test('in the middle of a line leaves a segment that the next start closes at once: its open calls are found all the same (invariant 11, A20)', async () => {
    const places = makePlaces();
    const first = await run(places);
    for (const number of [1, 2]) await call(first, number, false);
    await first.kill();
    // As after a kill -9: the note announces a record of which a part was written.
    const note = decodeHeadNote(readFileSync(places.head));
    const { seq, hash, bytes } = note.standing;
    writeFileSync(
      places.head,
      encodeHeadNote({ ...note, writing: { seq: seq + 1, hash, bytes: bytes + 500 } }),
    );
    appendFileSync(places.path, '{"version":1,"seq":');

    const log = await places.open();
    await expect.poll(() => listSegments(places.path)).toHaveLength(2);
    for (const { path } of (await listSegments(places.path)).filter((one) => one.first !== null))
      rmSync(path);
    expect(await closeEarlierCalls(log)).toBe(2);
    await log.close();
  });

  test('leaves calls with an intent and no outcome, which the next start closes as interrupted (invariant 11, A20)', async () => {
    const places = makePlaces();
    const first = await run(places);
    for (const [number, ends] of [
      [1, true],
      [2, false],
      [3, true],
      [4, false],
    ] as const)
      await call(first, number, ends);
    await first.log.append('launch', { launch: 9, session: 7 }, { call: 4 }, false);
    await first.kill();

    const log = await places.open();
    expect(await closeEarlierCalls(log)).toBe(2);
    await log.append('daemon-start', {}, {}, true);
    await log.close();
    const records = places.lines().map((line) => JSON.parse(line));
    const closed = records.filter(({ event }) => event === 'interrupted');
    expect(closed.map(({ claims }) => claims.call)).toEqual([2, 4]);
    expect(closed[1]).toMatchObject({
      facts: {
        session: 7,
        uid: 1000,
        launches: [9],
        run: null,
        why: 'daemon-ended',
        end_reason: 'interrupted',
      },
      claims: { method: 'echo.say', request_id: '00000000-0000-7000-8000-000000000000' },
    });
    expect(closed.map(recordProblem)).toEqual([null, null]);
    // Once is enough.
    expect(await numbers(places)).toEqual([]);
    expect(await places.verify()).toMatchObject({ ok: true });
  });

  test('closes a call with the launch that its intent names, and knows one that stood ready as nobody’s', async () => {
    const places = makePlaces();
    const first = await run(places);
    await first.log.append('launch', { launch: 3, session: null, for: 'pool' }, {}, false);
    await first.log.append('launch', { launch: 4, session: null, for: 'persistent' }, {}, false);
    await first.calls.intent(session, intentOf(1, { launch: 3 }));
    await first.calls.intent(session, intentOf(2, { launch: 4 }));
    await first.calls.intent(session, intentOf(3));
    await first.kill();
    const found = await findOpenCalls(places.path);
    expect(found.map(({ call, launches }) => [call, launches])).toEqual([
      [1, [3]],
      [2, [4]],
      [3, []],
    ]);
  });

  test('while it closed those of the one before leaves the rest to the next', async () => {
    const places = makePlaces();
    const first = await run(places);
    for (const number of [1, 2, 3]) await call(first, number, false);
    await first.kill();
    const log = await places.open();
    const { facts, claims } = { facts: { session: 7 }, claims: { call: 2 } };
    await log.append('interrupted', facts, claims, false);
    await log.close();
    expect(await numbers(places)).toEqual([1, 3]);
  });

  test('and had been stopped before leaves none of that time', async () => {
    const places = makePlaces();
    const first = await run(places);
    await call(first, 1, false);
    await first.log.append('daemon-stop', {}, {}, true);
    await first.kill();
    expect(await numbers(places)).toEqual([]);
    const second = await run(places);
    await call(second, 1, false);
    await second.kill();
    expect(await numbers(places)).toEqual([1]);
  });

  test('whose log is torn at its end leaves what is whole', async () => {
    const places = makePlaces();
    const first = await run(places);
    await call(first, 1, false);
    await first.kill();
    const bytes = places.bytes();
    writeFileSync(places.path, Buffer.concat([bytes, bytes.subarray(0, 100)]));
    expect(await numbers(places)).toEqual([1]);
  });
});

describe('a log of several files is read back', () => {
  test.each([false, true])('over their borders, compressed: %s', async (compressed) => {
    const places = makePlaces();
    const first = await run(places);
    await call(first, 1, false);
    await call(first, 2, false);
    await first.log.append('launch', { launch: 5, session: 7 }, { call: 3 }, false);
    await first.kill();
    rotate(places, 1, compressed);
    // Another file of the same daemon: without its start.
    const more = makePlaces();
    const second = await run(more);
    await second.calls.intent(session, intentOf(3));
    await second.log.append('interrupted', { session: 7 }, { call: 2 }, false);
    await second.kill();
    writeFileSync(
      places.path,
      more
        .lines()
        .slice(1)
        .map((line) => `${line}\n`)
        .join(''),
    );
    const found = await findOpenCalls(places.path);
    expect(found.map(({ call: number, launches }) => [number, launches])).toEqual([
      [3, [5]],
      [1, []],
    ]);
  });

  test('to the last record of open calls and no further', async () => {
    const places = makePlaces();
    const first = await run(places, 10);
    for (let number = 1; number <= CALLS_PER_RECORD + 20; number += 1)
      await call(first, number, number % 2 === 0);
    await first.kill();
    const records = places.lines().map((line) => JSON.parse(line));
    const checkpoints = records.filter(({ event }) => event === 'open-calls');
    expect(checkpoints.length).toBeGreaterThan(10);
    expect(checkpoints.map(recordProblem).filter(Boolean)).toEqual([]);
    const expected = await numbers(places);
    expect(expected).toHaveLength((CALLS_PER_RECORD + 20) / 2);
    // What stands before the last one is not needed.
    const last = records.findLastIndex(({ event, facts }) => event === 'open-calls' && facts.part === 1);
    rotate(places, 1, false);
    const lines = readFileSync(segmentPath(places.path, 1), 'utf8').split('\n');
    writeFileSync(places.path, lines.slice(last).join('\n'));
    writeFileSync(segmentPath(places.path, 1), 'not read\n');
    expect((await numbers(places)).toSorted((one, other) => one - other)).toEqual(expected);
  });

  test('past a record of open calls that lacks a part', async () => {
    const places = makePlaces();
    const first = await run(places);
    await call(first, 1, false);
    const part = { part: 1, parts: 2, count: 3, calls: [] };
    await first.log.append('open-calls', part, { calls: [] }, false);
    await first.kill();
    expect(await numbers(places)).toEqual([1]);
  });
});

test('a record of open calls of the longest kind is a record (invariant 14)', async () => {
  const places = makePlaces();
  const log = await places.open();
  const longest = Array.from({ length: CALLS_PER_RECORD }, (_, index) => ({
    ...{ session: Number.MAX_SAFE_INTEGER, uid: 4_294_967_295, call: Number.MAX_SAFE_INTEGER - index },
    ...{ request: '00000000-0000-7000-8000-000000000000', method: '"'.repeat(128) },
    ...{ trace: 'c'.repeat(32), span: 'd'.repeat(16), run: null },
    launches: Array.from({ length: 8 }, () => Number.MAX_SAFE_INTEGER),
  }));
  const checkpoints = createCheckpoints(log, () => longest, 1);
  checkpoints.written(1);
  checkpoints.written(2);
  await log.close();
  expect(places.lines().map((line) => JSON.parse(line).event)).toEqual(['open-calls']);
});

test('a record that no call is open is a record', async () => {
  const places = makePlaces();
  const log = await places.open();
  const checkpoints = createCheckpoints(log, () => [], 1);
  checkpoints.written(1);
  checkpoints.written(2);
  await log.close();
  const records = places.lines().map((line) => JSON.parse(line));
  expect(records.map(({ facts }) => facts.count)).toEqual([0]);
  expect(records.map(recordProblem)).toEqual([null]);
});
