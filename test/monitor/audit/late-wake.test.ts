import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  makeAppendingMemory,
  putAddition,
  takeOutcome,
  viewAppendingMemory,
  WORD,
} from '../../../src/monitor/audit/appending-memory.ts';
import { HEAD_NOTE_BYTES } from '../../../src/shared/audit/head-note.ts';

const LATE_MS = 100;
const RECORD = Buffer.from('record\n');

test('a wake that comes after its addition was written has nothing written twice (A2)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-late-wake-'));
  const path = join(folder, 'audit.jsonl');
  const [log, note] = [openSync(path, 'a'), openSync(join(folder, 'note'), 'w')];
  const shared = makeAppendingMemory(RECORD.length);
  const memory = viewAppendingMemory(shared);
  const { words } = memory;
  const thread = new Worker(new URL('../../../src/monitor/audit/appending-thread.ts', import.meta.url), {
    workerData: { memory: shared, path },
  });
  const { ino, dev } = statSync(path);
  const aNote = Buffer.alloc(HEAD_NOTE_BYTES);
  putAddition(memory, {
    ...{ log, note, expected: { ino, dev, size: 0 }, announcing: aNote, settled: aNote },
    ...{ records: RECORD, sync: false, notice: null },
  });
  Atomics.add(words, WORD.asked, 1);
  Atomics.notify(words, WORD.asked);
  while (Atomics.load(words, WORD.done) === 0) await wait(1);
  expect(takeOutcome(memory)).toEqual({ failed: null, isSettled: true, isTold: false });
  await wait(LATE_MS);
  Atomics.notify(words, WORD.asked);
  await wait(LATE_MS);
  expect(takeOutcome(memory)).toEqual({ failed: null, isSettled: true, isTold: false });
  expect(readFileSync(path, 'utf8')).toBe(RECORD.toString());
  Atomics.store(words, WORD.stop, 1);
  Atomics.add(words, WORD.asked, 1);
  Atomics.notify(words, WORD.asked);
  await new Promise((ended) => thread.once('exit', ended));
  for (const descriptor of [log, note]) closeSync(descriptor);
  rmSync(folder, { recursive: true });
});
