/**
 * The thread that appends to the audit log. What one addition takes is done here one after the other: a look at the log's
 * name, the note, the records, fdatasync(2), the note again. On Node's pool two threads wake for each of these steps, and a call
 * waits for them all. It has no event loop: a disk that does not answer holds up nothing but itself (A14).
 *
 * It trusts the monitor, which started it. It reads nothing that anybody wrote.
 */
import { fdatasyncSync, lstatSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { workerData } from 'node:worker_threads';
import { FOUND, NUMBER, STAGES, viewAppendingMemory, WORD } from './appending-memory.ts';

const { memory, path }: { readonly memory: SharedArrayBuffer; readonly path: string } = workerData;
/** The system took less than it was given, and said nothing. */
const SHORT = Symbol('short');
const { words, numbers, notes, records } = viewAppendingMemory(memory);

/** What stands under the log's name instead of the log as it was left; null: the log. By its name, since another file may have it. */
function foundInstead(): number | null {
  const named = lstatSync(path, { throwIfNoEntry: false });
  if (named === undefined) return FOUND.nothing;
  if (named.ino !== numbers[NUMBER.ino] || named.dev !== numbers[NUMBER.dev]) return FOUND.anotherFile;
  return named.size === numbers[NUMBER.size] ? null : named.size;
}

function word(place: number): number {
  return Atomics.load(words, place);
}

/** One pwrite(2) into the page cache. */
function writeNote(note: Uint8Array): void {
  if (writeSync(word(WORD.noteDescriptor), note, 0, note.length, 0) !== note.length) throw SHORT;
}

/** At the log's end: it is open for appending. write(2) may take less than it is given; what is wrong shows at the next one. */
function writeRecords(): void {
  const length = word(WORD.length);
  for (let written = 0; written < length; ) {
    const taken = writeSync(word(WORD.logDescriptor), records, written, length - written);
    if (taken === 0) throw SHORT;
    written += taken;
  }
}

function append(): void {
  let stage: (typeof STAGES)[number] = 'open';
  try {
    const found = foundInstead();
    if (found !== null) {
      numbers[NUMBER.found] = found;
      return fail('changed', 0);
    }
    stage = 'note';
    writeNote(notes[0]);
    stage = 'write';
    writeRecords();
    stage = 'sync';
    if (word(WORD.sync) === 1) fdatasyncSync(word(WORD.logDescriptor));
    Atomics.store(words, WORD.settled, settle() ? 1 : 0);
  } catch (error) {
    fail(stage, errnoOf(error));
  }
}

/** Whether the note says again that nothing is being written. Where it does not the monitor writes it, and hears why it cannot. */
function settle(): boolean {
  // What was given up is read again, and until then the note has to say so.
  if (Date.now() >= (numbers[NUMBER.givenUpAt] ?? 0)) return false;
  try {
    writeNote(notes[1]);
    return true;
  } catch (error) {
    errnoOf(error);
    return false;
  }
}

/** Anything but a word of the system's ends this thread, and the monitor with it. */
function errnoOf(error: unknown): number {
  if (error === SHORT) return constants.errno.EIO;
  if (error instanceof Error && 'errno' in error && typeof error.errno === 'number') return -error.errno;
  throw error;
}

function fail(stage: (typeof STAGES)[number], errno: number): void {
  Atomics.store(words, WORD.errno, errno);
  Atomics.store(words, WORD.failed, STAGES.indexOf(stage));
}

for (let done = 0; ; ) {
  // A wake may be late and belong to what is done already: the number alone tells.
  while (word(WORD.asked) === done) Atomics.wait(words, WORD.asked, done);
  if (word(WORD.stop) === 1) break;
  done = word(WORD.asked);
  Atomics.store(words, WORD.failed, -1);
  append();
  Atomics.store(words, WORD.done, done);
  Atomics.notify(words, WORD.done);
}
