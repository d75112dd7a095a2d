import { performance } from 'node:perf_hooks';
import { libc } from './libc.ts';

const mallocTrim = libc.func('int malloc_trim(size_t)');

/** How often it is asked whether there is something to give back, in milliseconds. */
const ASKED_EVERY_MS = 1_000;
/** Share of that time above which this thread is busy: what it would give back it takes again at once. */
const BUSY = 0.3;
/** Pages taken that make it worth a look: a mebibyte. */
const TAKEN_PAGES = 256;

/**
 * Gives the kernel all whole pages that were freed, of every thread's arena (malloc_trim(3)): by itself the C library keeps those
 * below the last block in use.
 */
export function giveBackMemory(): void {
  mallocTrim(0);
}

/**
 * Gives freed memory back once a burst is over. What threads that compile and collect garbage took for a thousand connections
 * is 10 MiB, which would be kept for ever.
 *
 * @param giveBack takes about a millisecond after such a burst, a tenth of one else
 * @returns stops it
 */
export function spareMemory(giveBack: () => void = giveBackMemory): () => void {
  let since = performance.eventLoopUtilization();
  let taken = 0;
  function ask(): void {
    const { utilization } = performance.eventLoopUtilization(since);
    since = performance.eventLoopUtilization();
    if (utilization > BUSY || pagesTaken() - taken < TAKEN_PAGES) return;
    giveBack();
    taken = pagesTaken();
  }
  const timer = setInterval(ask, ASKED_EVERY_MS).unref();
  return () => clearInterval(timer);
}

/** So far, by all threads (ru_minflt of getrusage(2)). */
function pagesTaken(): number {
  return process.resourceUsage().minorPageFault;
}
