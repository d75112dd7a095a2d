import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import {
  makeAppendingMemory,
  NUMBER,
  viewAppendingMemory,
  WORD,
} from '../../../src/monitor/audit/appending-memory.ts';

const LATE_MS = 100;

test('a wake that comes after its addition was written has nothing written twice (A2)', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-late-wake-'));
  const path = join(folder, 'audit.jsonl');
  const [log, note] = [openSync(path, 'a'), openSync(join(folder, 'note'), 'w')];
  const memory = makeAppendingMemory(64);
  const { words, numbers, records } = viewAppendingMemory(memory);
  const thread = new Worker(new URL('../../../src/monitor/audit/appending-thread.ts', import.meta.url), {
    workerData: { memory, path },
  });
  const { ino, dev } = statSync(path);
  records.set(Buffer.from('record\n'));
  numbers[NUMBER.ino] = ino;
  numbers[NUMBER.dev] = dev;
  words[WORD.logDescriptor] = log;
  words[WORD.noteDescriptor] = note;
  words[WORD.length] = 7;
  Atomics.add(words, WORD.asked, 1);
  Atomics.notify(words, WORD.asked);
  while (Atomics.load(words, WORD.done) === 0) await wait(1);
  expect(Atomics.load(words, WORD.failed)).toBe(-1);
  await wait(LATE_MS);
  Atomics.notify(words, WORD.asked);
  await wait(LATE_MS);
  expect(Atomics.load(words, WORD.failed)).toBe(-1);
  expect(readFileSync(path, 'utf8')).toBe('record\n');
  Atomics.store(words, WORD.stop, 1);
  Atomics.add(words, WORD.asked, 1);
  Atomics.notify(words, WORD.asked);
  await new Promise((ended) => thread.once('exit', ended));
  for (const descriptor of [log, note]) closeSync(descriptor);
  rmSync(folder, { recursive: true });
});
