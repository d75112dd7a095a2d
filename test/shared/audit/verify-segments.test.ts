import {
  appendFileSync,
  copyFileSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { listSegments, type Segment, segmentPath } from '../../../src/shared/audit/segments.ts';
import { verifyLog } from '../../../src/shared/audit/verify.ts';
import { auditSettings, forgeNext, makeFolder, makePlaces, type Places, rechain } from './made-log.ts';

const RECORDS = 60;
const WAIT = { timeout: 60_000 };

/** A log of some segments, of which all closed ones, or none, are compressed. */
async function makeSegments(compress: boolean): Promise<{ places: Places; segments: readonly Segment[] }> {
  const places = makePlaces();
  const settings = auditSettings({ rotate_bytes: 4096, compress });
  const log = await places.open({ settings: () => settings });
  for (let number = 1; number <= RECORDS; number += 1)
    await log.append('session', { session: number, uid: 1000, text: 'x'.repeat(200) }, {}, false);
  await log.close();
  const segments = await listSegments(places.path);
  expect(segments.length).toBeGreaterThan(5);
  if (compress && segments.slice(0, -1).some(({ isCompressed }) => !isCompressed)) {
    // The last ones were closed at the end: the next start goes on.
    const again = await places.open();
    await expect
      .poll(async () => (await listSegments(places.path)).filter((one) => !one.isCompressed).length, WAIT)
      .toBe(1);
    await again.close();
  }
  return { places, segments: await listSegments(places.path) };
}

function readLines({ path, isCompressed }: Segment): string[] {
  const bytes = readFileSync(path);
  return (isCompressed ? gunzipSync(bytes) : bytes).toString().split('\n').slice(0, -1);
}

function writeLines({ path, isCompressed }: Segment, lines: readonly string[]): void {
  const text = lines.map((line) => `${line}\n`).join('');
  writeFileSync(path, isCompressed ? gzipSync(text) : text);
}

function grow(line: string): string {
  return line.replace('"uid":1000', '"uid":1001');
}

describe.each([
  ['plain', false],
  ['compressed', true],
] as const)('a log of %s segments', (_word, compress) => {
  test('is proven, with and without the head note', async () => {
    const { places, segments } = await makeSegments(compress);
    const seen: number[] = [];
    const result = await verifyLog(places.path, places.head, { see: ({ seq }) => seen.push(seq) });
    const records = segments.flatMap(readLines).length;
    expect(result).toEqual({
      ok: true,
      records,
      begins: 1,
      removedBy: null,
      firstBad: null,
      recoveries: 0,
      tail: 'proven',
    });
    expect(seen).toEqual(Array.from({ length: records }, (_, index) => index + 1));
    expect(await verifyLog(places.path, null)).toEqual({ ...result, tail: 'unproven' });
  });

  const CASES: [string, (lines: string[]) => string[], number, string][] = [
    ['a record edited', (lines) => lines.with(3, grow(lines[3] ?? '')), 3, 'edited'],
    [
      'a record edited and hashed anew',
      (lines) => lines.with(3, rechain(lines, 3, grow)[3] ?? ''),
      3,
      'edited',
    ],
    [
      'the last record edited and hashed anew',
      (lines) => lines.with(-1, rechain(lines, lines.length - 1, grow).at(-1) ?? ''),
      -1,
      'edited',
    ],
    ['a record deleted', (lines) => lines.toSpliced(3, 1), 3, 'missing'],
    ['the first record deleted', (lines) => lines.slice(1), 0, 'missing'],
    ['the last record deleted', (lines) => lines.slice(0, -1), -1, 'truncated'],
    ['all records deleted', () => [], 0, 'truncated'],
    ['two records swapped', (lines) => lines.with(3, lines[4] ?? '').with(4, lines[3] ?? ''), 3, 'reordered'],
    ['a record repeated', (lines) => lines.toSpliced(3, 0, lines[2] ?? ''), 3, 'reordered'],
    ['a record inserted', (lines) => lines.toSpliced(3, 0, forgeNext(lines[2])), 3, 'appended'],
    ['a record appended', (lines) => [...lines, forgeNext(lines.at(-1))], 1_000, 'appended'],
    ['a line of anything appended', (lines) => [...lines, 'anything'], 1_000, 'edited'],
    [
      'a record edited and all later ones of the file hashed anew',
      (lines) => rechain(lines, 3, grow),
      -1,
      'edited',
    ],
  ];

  test.each(CASES)('is bad where in a closed one %s (A5, A8)', async (_title, change, at, what) => {
    const { places, segments } = await makeSegments(compress);
    const segment = segments[2];
    if (segment === undefined) throw new Error('there is no third segment');
    const lines = readLines(segment);
    writeLines(segment, change(lines));
    const index = at === -1 ? lines.length - 1 : Math.min(at, lines.length);
    const seq = (segment.first ?? 0) + index;
    for (const head of [places.head, null]) {
      const { ok, firstBad } = await verifyLog(places.path, head, { rereads: 1 });
      expect({ ok, seq: firstBad?.seq, what: firstBad?.what, segment: firstBad?.segment }).toEqual({
        ok: false,
        seq,
        what,
        segment: basename(segment.path),
      });
    }
  });

  test('is bad where a whole segment is missing, or the first ones are and no record says that they were removed (A8)', async () => {
    const { places, segments } = await makeSegments(compress);
    const [first, , third] = segments;
    const kept = readFileSync(third?.path ?? '');
    rmSync(third?.path ?? '');
    for (const head of [places.head, null]) {
      expect(await verifyLog(places.path, head, { rereads: 1 })).toMatchObject({
        ok: false,
        records: (third?.first ?? 0) - 1,
        firstBad: {
          seq: third?.first,
          what: 'missing',
          segment: basename(segmentPath(places.path, third?.first ?? 0)),
        },
      });
    }
    writeFileSync(third?.path ?? '', kept);
    rmSync(first?.path ?? '');
    for (const head of [places.head, null]) {
      expect(await verifyLog(places.path, head, { rereads: 1 })).toMatchObject({
        ok: false,
        firstBad: { seq: 1, what: 'missing' },
      });
    }
  });

  test('is bad where two segments have each other’s names, or one was replaced by another log’s (A8)', async () => {
    const { places, segments } = await makeSegments(compress);
    const [, second, third] = segments;
    const aside = join(places.folder, 'aside');
    renameSync(second?.path ?? '', aside);
    renameSync(third?.path ?? '', second?.path ?? '');
    renameSync(aside, third?.path ?? '');
    expect(await places.verify()).toMatchObject({
      ok: false,
      firstBad: { segment: basename(second?.path ?? ''), seq: second?.first },
    });
    const other = await makeSegments(compress);
    copyFileSync(other.segments[1]?.path ?? '', second?.path ?? '');
    renameSync(third?.path ?? '', aside);
    const { ok, firstBad } = await places.verify();
    // The break is between two records, and each side has records of its own to vouch for it.
    expect({ ok, what: firstBad?.what }).toEqual({ ok: false, what: 'edited' });
    expect([(second?.first ?? 0) - 1, second?.first]).toContain(firstBad?.seq);
  });

  test('is bad where a file was put beside it that is no part of the chain (A8)', async () => {
    const { places, segments } = await makeSegments(compress);
    for (const number of [2, 1_000_000]) {
      const planted = segmentPath(places.path, number);
      copyFileSync(segments[1]?.path ?? '', planted);
      expect(await places.verify()).toMatchObject({
        ok: false,
        firstBad: { segment: basename(planted), seq: number },
      });
      expect((await verifyLog(places.path, null, { rereads: 1 })).ok).toBe(false);
      rmSync(planted);
    }
    expect((await places.verify()).ok).toBe(true);
  });

  test('is bad where the file that is written to was replaced, cut or put back in place (A8)', async () => {
    const { places, segments } = await makeSegments(compress);
    const [first] = segments;
    const whole = readFileSync(places.path);
    writeFileSync(
      places.path,
      first?.isCompressed ? gunzipSync(readFileSync(first.path)) : readFileSync(first?.path ?? ''),
    );
    expect((await places.verify()).ok).toBe(false);
    writeFileSync(places.path, whole);
    truncateSync(places.path, 0);
    expect(await places.verify()).toMatchObject({
      ok: false,
      firstBad: { segment: 'audit.jsonl', what: 'truncated' },
    });
    rmSync(places.path);
    expect(await places.verify()).toMatchObject({
      ok: false,
      firstBad: { segment: 'audit.jsonl', what: 'missing' },
    });
    writeFileSync(places.path, whole);
    expect((await places.verify()).ok).toBe(true);
  });
});

describe('a compressed segment', () => {
  test('that is corrupt, cut, empty or extended is a fault with its place, and no crash (A8)', async () => {
    const { places, segments } = await makeSegments(true);
    const { path = '', first } = segments[2] ?? {};
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 6] = (flipped[whole.length - 6] ?? 0) ^ 1;
    const CASES: [Buffer, string][] = [
      [whole.subarray(0, -3), 'truncated'],
      [whole.subarray(0, 100), 'truncated'],
      [Buffer.alloc(0), 'truncated'],
      [flipped, 'edited'],
      [Buffer.from('no gzip at all'), 'edited'],
      [Buffer.concat([whole, Buffer.from('more')]), 'edited'],
      [Buffer.concat([whole, Buffer.alloc(9)]), 'edited'],
    ];
    for (const [bytes, what] of CASES) {
      writeFileSync(path, bytes);
      const { firstBad } = await places.verify();
      expect(firstBad).toMatchObject({ segment: basename(path), what });
      expect(firstBad?.seq).toBeGreaterThanOrEqual(first ?? 0);
    }
    writeFileSync(path, whole);
    expect((await places.verify()).ok).toBe(true);
  });

  test('that is corrupt does not hide what is wrong before it', async () => {
    const { places, segments } = await makeSegments(true);
    const [, second, third] = segments;
    if (second === undefined) throw new Error('there is no second segment');
    writeFileSync(third?.path ?? '', 'no gzip at all');
    writeLines(second, readLines(second).toSpliced(2, 1));
    expect(await places.verify()).toMatchObject({
      ok: false,
      firstBad: { segment: basename(second.path), seq: (second.first ?? 0) + 2, what: 'missing' },
    });
  });

  test('that is still there plain as well, as a crash leaves it, is read once', async () => {
    const { places, segments } = await makeSegments(true);
    const { path = '', first } = segments[1] ?? {};
    writeFileSync(segmentPath(places.path, first ?? 0), gunzipSync(readFileSync(path)));
    expect(await places.verify()).toMatchObject({ ok: true });
  });
});

describe('without the head note', () => {
  test('files that were copied elsewhere are proven as far as they go', async () => {
    const { places, segments } = await makeSegments(true);
    const folder = makeFolder();
    const copy = join(folder, 'audit.jsonl');
    for (const { path } of segments) copyFileSync(path, join(folder, basename(path)));
    expect(await verifyLog(copy, null)).toMatchObject({ ok: true, tail: 'unproven' });
    // A copy that was made while a daemon wrote may end within a record.
    appendFileSync(copy, '{"version":1,"seq":99,"ti');
    expect(await verifyLog(copy, null)).toMatchObject({ ok: true, tail: 'unproven' });
    appendFileSync(copy, '\n');
    expect(await verifyLog(copy, null)).toMatchObject({ ok: false, firstBad: { segment: 'audit.jsonl' } });
    rmSync(copy);
    const closed = segments.slice(0, -1).flatMap(readLines).length;
    expect(await verifyLog(copy, null, { rereads: 1 })).toMatchObject({ ok: true, records: closed });
    expect(await verifyLog(join(makeFolder(), 'audit.jsonl'), null, { rereads: 1 })).toMatchObject({
      ok: false,
      firstBad: { what: 'missing' },
    });
    expect((await places.verify()).ok).toBe(true);
  });
});
