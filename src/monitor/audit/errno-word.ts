import { constants } from 'node:os';
import { getSystemErrorMap } from 'node:util';

/** libuv has no name for every errno that a disk answers with, EDQUOT and ESTALE among them; of two words the first stands. */
const WORDS: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno)
    .map(([word, errno]) => [errno, word] as const)
    .reverse(),
);

/** The word of an errno as errno(3) numbers it; `errno 117` where Node knows none. */
export function errnoWord(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[0] ?? WORDS.get(errno) ?? `errno ${errno}`;
}

/** What strerror(3) says of it, where libuv has words of its own. */
export function errnoMeaning(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? `system error ${errno}`;
}
