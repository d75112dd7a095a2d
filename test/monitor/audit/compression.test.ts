import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { compressSegment, removeUnfinished } from '../../../src/monitor/audit/compression.ts';
import { compressedPath, listSegments, segmentPath } from '../../../src/shared/audit/segments.ts';
import { auditSettings, makeFolder, makePlaces } from '../../shared/audit/made-log.ts';
import { patience } from '../../support/patience.ts';

const anyFile = await open('/dev/null');
/** What every open file's methods come from: a disk that fails is a method that does. */
const files = Object.getPrototypeOf(anyFile) as FileHandle;
await anyFile.close();
const NEVER = new AbortController().signal;

afterEach(() => {
  vi.restoreAllMocks();
});

function makeSegment(text = 'a line of the log\n'.repeat(40_000)): { path: string; text: string } {
  const path = segmentPath(join(makeFolder(), 'audit.jsonl'), 1);
  writeFileSync(path, text, { mode: 0o640 });
  return { path, text };
}

describe('compressing a segment', () => {
  test('puts a smaller file with its mode in its place, which gives the same bytes back', async () => {
    const { path, text } = makeSegment();
    const umask = process.umask(0o077);
    await compressSegment(path, NEVER);
    process.umask(umask);
    expect(existsSync(path)).toBe(false);
    const compressed = readFileSync(compressedPath(path));
    expect(gunzipSync(compressed).toString()).toBe(text);
    expect(compressed.length).toBeLessThan(text.length / 10);
    expect(statSync(compressedPath(path)).mode & 0o7777).toBe(0o640);
  });

  const PIECE = 262_144;

  test.each([
    ['nothing', 0],
    ['a whole piece', PIECE],
    ['whole pieces', 3 * PIECE],
    ['more than whole pieces', 2 * PIECE + 1],
  ])('gives back %s, also what does not compress', async (_title, length) => {
    const random = randomBytes(Math.floor(length / 2));
    const bytes = Buffer.concat([random, Buffer.alloc(length - random.length, 'some text ')]);
    const path = segmentPath(join(makeFolder(), 'audit.jsonl'), 1);
    writeFileSync(path, bytes, { mode: 0o640 });
    await compressSegment(path, NEVER);
    expect(existsSync(path)).toBe(false);
    expect(gunzipSync(readFileSync(compressedPath(path))).equals(bytes)).toBe(true);
  });

  test('holds little memory that waits for a collection, however long it is (Z13)', async () => {
    const { path } = makeSegment('some text '.repeat(6 * PIECE));
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const look = setInterval(() => {
      most = Math.max(most, process.memoryUsage().arrayBuffers);
    }, 1);
    await compressSegment(path, NEVER);
    clearInterval(look);
    expect(most - before).toBeLessThan(8 * PIECE);
  });

  test.each([
    ['writing it fails', 'write'],
    ['it does not come to disk', 'sync'],
  ] as const)('leaves the plain one alone where %s', async (_title, method) => {
    const { path, text } = makeSegment();
    const error = Object.assign(new Error('EIO: made by the test'), { code: 'EIO' });
    vi.spyOn(files, method).mockRejectedValue(error);
    await expect(compressSegment(path, NEVER)).rejects.toThrow('EIO');
    expect(readdirSync(join(path, '..'))).toEqual([basename(path)]);
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('leaves the plain one alone where what was written does not give it back', async () => {
    const { path, text } = makeSegment();
    const original = files.sync;
    vi.spyOn(files, 'sync').mockImplementation(async function (this: FileHandle) {
      await original.call(this);
      const other = gzipSync(`${text}and more\n`);
      if ((await this.stat()).size > 0) await this.write(other, 0, other.length, 0);
    });
    await expect(compressSegment(path, NEVER)).rejects.toThrow();
    expect(readdirSync(join(path, '..'))).toEqual([basename(path)]);
  });

  test('ends at once where it is told to, and leaves nothing behind', async () => {
    const { path } = makeSegment(Buffer.alloc(30_000_000, 'some text ').toString());
    const stop = new AbortController();
    const compressing = compressSegment(path, stop.signal);
    setTimeout(() => stop.abort(), 30);
    await expect(compressing).rejects.toThrow('aborted');
    expect(readdirSync(join(path, '..'))).toEqual([basename(path)]);
  });

  test('is done anew where a crash left both, or half of it', async () => {
    const { path, text } = makeSegment();
    writeFileSync(compressedPath(path), 'half of it', { mode: 0o640 });
    writeFileSync(`${compressedPath(path)}.new`, 'half of it', { mode: 0o640 });
    await compressSegment(path, NEVER);
    expect(gunzipSync(readFileSync(compressedPath(path))).toString()).toBe(text);
    expect(readdirSync(join(path, '..'))).toEqual([basename(compressedPath(path))]);
  });
});

test('what a crash left of compressing is removed, and nothing else', async () => {
  const folder = makeFolder();
  const path = join(folder, 'audit.jsonl');
  const kept = [
    'audit.jsonl',
    'audit-0000000000000001.jsonl',
    'audit-seals.jsonl.new',
    'other.gz.new',
    'audit-reserve',
  ];
  for (const name of [...kept, 'audit-0000000000000001.jsonl.gz.new']) writeFileSync(join(folder, name), '');
  await removeUnfinished(path);
  expect(readdirSync(folder).sort()).toEqual(kept.sort());
});

describe('a log', () => {
  const settings = auditSettings({ rotate_bytes: 4096 });

  test('compresses what it closed, without a word in its records changed', async () => {
    const places = makePlaces();
    const log = await places.open({ settings: () => settings });
    for (let session = 0; session < 60; session += 1)
      await log.append('session', { session, text: 'x'.repeat(300) }, {}, false);
    await vi.waitFor(async () => {
      const plain = (await listSegments(places.path)).filter(({ isCompressed }) => !isCompressed);
      expect(plain.map(({ first }) => first)).toEqual([null]);
    }, 10_000 * patience);
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, tail: 'proven' });
    const sessions = (await places.allLines()).filter((line) => line.includes('"event":"session"'));
    expect(sessions).toHaveLength(60);
  });

  test('is bad where a compressed segment ends after one of its members (A8)', async () => {
    const places = makePlaces();
    const log = await places.open({ settings: () => auditSettings({ rotate_bytes: 400_000 }) });
    for (let session = 0; session < 500; session += 1)
      await log.append('session', { session, text: 'x'.repeat(1_000) }, {}, false);
    const [oldest] = await vi.waitFor(async () => {
      const found = (await listSegments(places.path)).filter(({ isCompressed }) => isCompressed);
      expect(found).toHaveLength(1);
      return found;
    }, 10_000 * patience);
    await log.close();
    expect(await places.verify()).toMatchObject({ ok: true, tail: 'proven' });
    const { path = '' } = oldest ?? {};
    const plain = gunzipSync(readFileSync(path));
    expect(plain.length).toBeGreaterThan(262_144);
    writeFileSync(path, gzipSync(plain.subarray(0, 262_144)));
    expect(await places.verify()).toMatchObject({ ok: false, firstBad: { segment: basename(path) } });
  });

  test('says once that it could not, shows it, and tries again', async () => {
    const places = makePlaces();
    const reports: string[] = [];
    const first = await places.open({ settings: () => ({ ...settings, compress: false }) });
    for (let session = 0; session < 30; session += 1)
      await first.append('session', { session, text: 'x'.repeat(300) }, {}, false);
    await first.close();
    const [oldest] = await listSegments(places.path);
    const { path = '' } = oldest ?? {};
    const { mode } = statSync(path);
    // A file that somebody else may write is not one of ours.
    chmodSync(path, 0o666);
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    const log = await places.open({
      settings: () => settings,
      lookMs: 5,
      report: (message) => reports.push(message),
    });
    await vi.waitFor(() => expect(log.conditions).toContain('compression-failing'), 10_000 * patience);
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(digest);
    chmodSync(path, mode);
    await vi.waitFor(() => expect(log.conditions).not.toContain('compression-failing'), 20_000 * patience);
    await log.close();
    const failed = (await places.allLines()).filter((line) => line.includes('"event":"compression-failed"'));
    expect(failed).toHaveLength(1);
    expect(reports).toContain('a segment could not be compressed; it is tried again');
    expect(await places.verify()).toMatchObject({ ok: true });
  }, 600_000);
});
