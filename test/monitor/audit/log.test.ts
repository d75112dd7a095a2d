import { open } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { AuditLog } from '../../../src/monitor/audit/log.ts';
import { QUEUE_RECORDS_MAXIMUM } from '../../../src/monitor/audit/queue.ts';
import { AuditUnavailable } from '../../../src/monitor/audit/unavailable.ts';
import { type AuditRecord, hasRecordForm, parseRecord } from '../../../src/shared/audit/record.ts';
import { makePlaces, type Places } from '../../shared/audit/made-log.ts';

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

  test('takes a group of which each character is three bytes long', async () => {
    const places = makePlaces();
    const log = await places.open();
    const text = '€'.repeat(6000);
    await Promise.all(Array.from({ length: 400 }, () => log.append('session', {}, { text }, false)));
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 400, recoveries: 0 });
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
