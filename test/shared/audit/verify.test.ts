import {
  appendFileSync,
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { verifyLog } from '../../../src/shared/audit/verify.ts';
import { extend, forgeNext, makeLog, makePlaces, type Places, rechain, rewrite } from './made-log.ts';

/** A log whose daemon once ended in the middle of writing record 3: a fragment and its recovery stand in it. */
async function makeLogWithRecovery(): Promise<Places> {
  const places = await makeLog(2);
  const whole = places.bytes();
  const note = readFileSync(places.head);
  await extend(places, 1);
  writeFileSync(places.path, places.bytes().subarray(0, whole.length + 50));
  writeFileSync(places.head, note);
  await extend(places, 1);
  return places;
}

describe('an untouched log', () => {
  test('is proven, over restarts and recoveries', async () => {
    const places = await makeLog(5);
    await extend(places, 4);
    expect(await places.verify()).toEqual({
      ...{ ok: true, records: 9, begins: 1, removedBy: null, firstBad: null, recoveries: 0, tail: 'proven' },
    });
    const recovered = await makeLogWithRecovery();
    expect(await recovered.verify()).toMatchObject({ ok: true, records: 5, recoveries: 1 });
  });

  test('is proven before anything was written', async () => {
    const places = await makeLog(0);
    expect(await places.verify()).toMatchObject({ ok: true, records: 0 });
  });

  test('is proven again and again while a daemon writes', async () => {
    const places = makePlaces();
    const log = await places.open();
    let writing = true;
    const writers = Array.from({ length: 16 }, async () => {
      // With a pause: who writes more than is read meanwhile is never caught up with.
      for (; writing; await wait(1)) await log.append('session', { uid: 1 }, {}, false);
    });
    for (let round = 0; round < 20; round += 1) {
      const result = await verifyLog(places.path, places.head);
      expect(result.firstBad).toBeNull();
    }
    writing = false;
    await Promise.all(writers);
    await log.close();
    expect((await places.verify()).ok).toBe(true);
  });
});

describe('one changed byte', () => {
  test('is found at every offset of every segment, and the record it belongs to is named (invariant 12)', async () => {
    const places = await makeLogWithRecovery();
    const segments = await listSegments(places.path);
    expect(segments).toHaveLength(2);
    let first = 1;
    for (const { path } of segments) {
      const original = readFileSync(path);
      const owner = ownersOfBytes(original, first);
      const file = openSync(path, 'r+');
      onTestFinished(() => closeSync(file));
      for (let offset = 0; offset < original.length; offset += 1) {
        const byte = original.subarray(offset, offset + 1);
        // A newline splits a line; another bit keeps it one.
        for (const other of [(byte[0] ?? 0) ^ 1, 0x0a]) {
          if (other === byte[0]) continue;
          writeSync(file, Buffer.of(other), 0, 1, offset);
          // Nobody writes: there is nothing to wait for.
          const { ok, firstBad } = await verifyLog(places.path, places.head, { rereads: 0 });
          const { segment, seq } = firstBad ?? {};
          const expected = { ok: false, segment: basename(path), seq: owner[offset] };
          expect({ offset, other, ok, segment, seq }).toEqual({ offset, other, ...expected });
        }
        writeSync(file, byte, 0, 1, offset);
      }
      first = (owner.at(-1) ?? 0) + 1;
    }
    expect((await places.verify()).ok).toBe(true);
  }, 600_000);
});

/** For each byte the record it belongs to; torn bytes belong to the recovery record that declares them. */
function ownersOfBytes(log: Buffer, first = 1): number[] {
  const owners: number[] = [];
  let seq = first;
  for (const line of log.toString('latin1').split(/(?<=\n)/)) {
    const isRecord = /"hash":"[0-9a-f]{64}"\}\n$/.test(line);
    for (let index = 0; index < line.length; index += 1) owners.push(seq);
    if (isRecord) seq += 1;
  }
  return owners;
}

describe('records that were moved about', () => {
  const CASES: [string, (lines: string[]) => string[], number, string][] = [
    ['the last record cut off', (lines) => lines.slice(0, -1), 5, 'truncated'],
    ['all records cut off', () => [], 1, 'truncated'],
    ['a record deleted', ([a = '', b = '', , ...rest]) => [a, b, ...rest], 3, 'missing'],
    ['the first record deleted', (lines) => lines.slice(1), 1, 'missing'],
    ['two neighbours swapped', ([a = '', b = '', c = '', ...rest]) => [a, c, b, ...rest], 2, 'reordered'],
    [
      'two distant ones swapped',
      ([a = '', b = '', c = '', d = '', e = '']) => [a, e, c, d, b],
      2,
      'reordered',
    ],
    ['a record repeated', ([a = '', b = '', ...rest]) => [a, b, b, ...rest], 3, 'reordered'],
    ['the last record repeated', (lines) => [...lines, lines.at(-1) ?? ''], 6, 'appended'],
    ['a well-chained record appended', (lines) => [...lines, forgeNext(lines.at(-1))], 6, 'appended'],
    ['a line of anything appended', (lines) => [...lines, 'anything'], 6, 'appended'],
    ['a record inserted', ([a = '', ...rest]) => [a, forgeNext(a), ...rest], 2, 'appended'],
    ['a record edited and hashed anew', (lines) => rehash(lines, 2), 3, 'edited'],
    ['the last but one edited and hashed anew', (lines) => rehash(lines, 3), 4, 'edited'],
    ['the last record edited and hashed anew', (lines) => rehash(lines, 4), 5, 'head-mismatch'],
    [
      'a record edited and all later ones hashed anew',
      (lines) => rechain(lines, 1, grow),
      5,
      'head-mismatch',
    ],
    ['the whole log replaced by another', (lines) => rechain(lines, 0, grow), 5, 'head-mismatch'],
  ];

  test.each(CASES)('are found: %s (A5)', async (_title, change, seq, what) => {
    const places = await makeLog(5);
    rewrite(places, change(places.lines()));
    expect(await places.verify()).toMatchObject({ ok: false, firstBad: { seq, what } });
  });

  test('are found where the log was cut at any byte (A5)', async () => {
    const places = await makeLog(3);
    const original = places.bytes();
    const owner = ownersOfBytes(original);
    for (let length = original.length - 1; length >= 0; length -= 1) {
      truncateSync(places.path, length);
      const { firstBad } = await places.verify();
      expect(firstBad).toMatchObject({ seq: owner[length], what: 'truncated' });
    }
  });

  test('are found where the log was truncated in place and written on (A8)', async () => {
    const places = await makeLog(2);
    const log = await places.open();
    truncateSync(places.path, 0);
    await expect(log.append('session', {}, {}, true)).rejects.toThrow('bytes long where');
    await expect(log.close()).rejects.toThrow('Cannot write');
    expect(await places.verify()).toMatchObject({ ok: false, firstBad: { seq: 1, what: 'truncated' } });
  });
});

function grow(line: string): string {
  return line.replace('"uid":1000', '"uid":1001');
}

function rehash(lines: readonly string[], index: number): string[] {
  const changed = rechain(lines, index, grow)[index] ?? '';
  return lines.with(index, changed);
}

describe('torn bytes', () => {
  test('that no recovery record declares are found, also behind a daemon that ended while writing (A2)', async () => {
    const places = await makeLog(3);
    appendFileSync(places.path, '{"version":1,"se');
    expect(await places.verify()).toMatchObject({ ok: false, firstBad: { seq: 4, what: 'appended' } });
  });

  test('that were taken away, with their recovery record left, are found', async () => {
    const places = await makeLogWithRecovery();
    const [torn] = await listSegments(places.path);
    const lines = readFileSync(torn?.path ?? '', 'utf8').split('\n');
    writeFileSync(
      torn?.path ?? '',
      lines
        .filter((line) => line.endsWith('}'))
        .join('\n')
        .concat('\n'),
    );
    expect(await places.verify()).toMatchObject({ ok: false, firstBad: { seq: 3, what: 'missing' } });
  });
});

describe('files that cannot be judged', () => {
  test('a log that is gone is missing', async () => {
    const places = await makeLog(3);
    rmSync(places.path);
    expect(await places.verify()).toMatchObject({ ok: false, firstBad: { seq: 1, what: 'missing' } });
  });

  test('a head note that is gone or broken is an error', async () => {
    const places = await makeLog(3);
    copyFileSync(places.path, places.head);
    await expect(places.verify()).rejects.toThrow(
      'Cannot verify the audit log: Cannot read the audit head note',
    );
    rmSync(places.head);
    await expect(places.verify()).rejects.toThrow(
      'Cannot verify the audit log: the head note cannot be opened',
    );
  });
});
