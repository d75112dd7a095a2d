/**
 * The thread that appends to the audit log: one addition after the other, each from its first step to its last. On Node's pool
 * two threads wake for each step, and a call waits for them all. It has no event loop: a disk that does not answer holds up
 * nothing but itself (A14).
 *
 * It trusts the monitor, which started it. It reads nothing that anybody wrote. Anything but a word of the system's ends it,
 * and the monitor with it.
 */
import { workerData } from 'node:worker_threads';
import { type AppendingSystem, appendInOrder, NODE_SYSTEM } from './append-in-order.ts';
import { decide, putOutcome, takeAddition, viewAppendingMemory, WORD } from './appending-memory.ts';

const given: { readonly memory: SharedArrayBuffer; readonly path: string } = workerData;
const memory = viewAppendingMemory(given.memory);
const { words } = memory;
const system: AppendingSystem = { ...NODE_SYSTEM, stands: () => decide(memory, 'stands') };

for (let done = 0; ; ) {
  // A wake may be late and belong to what is done already: the number alone tells.
  while (Atomics.load(words, WORD.asked) === done) Atomics.wait(words, WORD.asked, done);
  if (Atomics.load(words, WORD.stop) === 1) break;
  done = Atomics.load(words, WORD.asked);
  putOutcome(memory, appendInOrder(takeAddition(memory), given.path, system));
  Atomics.store(words, WORD.done, done);
  Atomics.notify(words, WORD.done);
}
