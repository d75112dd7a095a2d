import { libc } from './libc.ts';

const mallocTrim = libc.func('int malloc_trim(size_t)');

/**
 * Gives the kernel all whole pages that were freed, of every thread's arena (malloc_trim(3)): by itself the C library keeps those
 * below the last block in use.
 */
export function giveBackMemory(): void {
  mallocTrim(0);
}
