import { libc } from './libc.ts';

/** malloc.h */
const M_ARENA_MAX = -8;

const mallopt = libc.func('int mallopt(int, int)');

/**
 * Has all threads allocate from one arena (mallopt(3)). With one for each, what one thread frees serves no other: a process
 * whose threads work in turns, on Node's pool, keeps some times what it uses. Threads that have an arena keep it: call it first.
 */
export function useOneMallocArena(): void {
  mallopt(M_ARENA_MAX, 1);
}
