import { chmodSync, existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test, vi } from 'vitest';
import { compressBeside } from '../../../src/monitor/audit/compress-beside.ts';
import { compressedPath, segmentPath } from '../../../src/shared/audit/segments.ts';
import { makeFolder } from '../../shared/audit/made-log.ts';
import { AUDIT_THREADS } from '../../support/appending-thread.ts';
import { patience } from '../../support/patience.ts';

const NEVER = new AbortController().signal;
const LOWEST = '19';
/** Takes the thread a second or so. */
const LARGE_BYTES = 90_000_000;
const compress = compressBeside(AUDIT_THREADS.compressing);

function makeSegment(bytes: number): { readonly path: string; readonly text: string } {
  const path = segmentPath(join(makeFolder(), 'audit.jsonl'), 1);
  const text = 'a line of the log\n'.repeat(Math.ceil(bytes / 18));
  writeFileSync(path, text, { mode: 0o640 });
  return { path, text };
}

/** What stands under names that come and go. */
function eachOf(folder: string, look: (path: string) => string): readonly string[] {
  return readdirSync(folder).flatMap((name) => {
    try {
      return [look(join(folder, name))];
    } catch {
      return [];
    }
  });
}

/** Of each thread of this process (proc_pid_stat(5), field 19). */
const niceValues = (): readonly string[] =>
  eachOf('/proc/self/task', (path) => {
    const stat = readFileSync(join(path, 'stat'), 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16] ?? '';
  });

const openFilesBelow = (folder: string): readonly string[] =>
  eachOf('/proc/self/fd', (path) => readlinkSync(path)).filter((path) => path.startsWith(folder));

test('a segment is compressed on a thread of its own, which alone has the lowest priority and is gone then', async () => {
  const { path, text } = makeSegment(LARGE_BYTES);
  const before = niceValues();
  const compressing = compress(path, NEVER);
  await vi.waitFor(() => expect(niceValues()).toContain(LOWEST), 10_000 * patience);
  expect(niceValues().filter((nice) => nice === LOWEST)).toHaveLength(1);
  await compressing;
  expect(existsSync(path)).toBe(false);
  expect(gunzipSync(readFileSync(compressedPath(path))).toString()).toBe(text);
  expect(before).not.toContain(LOWEST);
  expect(niceValues()).not.toContain(LOWEST);
});

test('compressing that is told to end leaves the plain segment alone, and no thread, file or descriptor', async () => {
  const { path } = makeSegment(LARGE_BYTES);
  const folder = dirname(path);
  const stop = new AbortController();
  const compressing = compress(path, stop.signal);
  await vi.waitFor(() => expect(readdirSync(folder)).toHaveLength(2), 10_000 * patience);
  stop.abort();
  await expect(compressing).rejects.toThrow('aborted');
  expect(readdirSync(folder)).toEqual([basename(path)]);
  expect(niceValues()).not.toContain(LOWEST);
  await vi.waitFor(() => expect(openFilesBelow(folder)).toEqual([]), 10_000 * patience);
  await expect(compress(path, stop.signal)).rejects.toThrow('aborted');
});

test('compressing that is told to end before its thread is there does not begin', async () => {
  const { path } = makeSegment(100);
  const stop = new AbortController();
  const compressing = compress(path, stop.signal);
  stop.abort();
  await expect(compressing).rejects.toThrow('aborted');
  expect(readdirSync(dirname(path))).toEqual([basename(path)]);
});

test('why a segment could not be compressed is told with its code', async () => {
  const { path } = makeSegment(100);
  // A file that somebody else may write is not one of ours.
  chmodSync(path, 0o666);
  await expect(compress(path, NEVER)).rejects.toThrow('the segment has mode 0666');
  const loop = segmentPath(join(makeFolder(), `${'x'.repeat(300)}`, 'audit.jsonl'), 1);
  await expect(compress(loop, NEVER)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
});

test('a thread that ends without a word has compressed nothing', async () => {
  const { path } = makeSegment(100);
  const gone = compressBeside(new URL('file:///gone/compressing-thread.js'));
  await expect(gone(path, NEVER)).rejects.toThrow('gone');
  const silent = compressBeside(new URL('data:text/javascript,process.exit(0)'));
  await expect(silent(path, NEVER)).rejects.toThrow('the thread that compresses has ended');
  expect(readdirSync(dirname(path))).toEqual([basename(path)]);
});
