/** An entry and the bytes allocated to it; a type, so that it counts as a JSON object. */
export type Entry = { readonly path: string; readonly kind: 'file' | 'directory'; readonly bytes: number };

/** The biggest entries of all that were offered. */
export interface Ranking {
  offer(entry: Entry): void;
  /** Biggest first; equal ones by path. */
  readonly entries: readonly Entry[];
}

/** Keeps the biggest `limit` entries, so that memory does not grow with what is measured. @param limit at least 1 */
export function createRanking(limit: number): Ranking {
  const entries: Entry[] = [];
  return {
    entries,
    offer(entry) {
      const smallest = entries.at(-1);
      if (entries.length === limit && smallest !== undefined && inOrder(smallest, entry) <= 0) return;
      const place = entries.findIndex((other) => inOrder(entry, other) < 0);
      entries.splice(place === -1 ? entries.length : place, 0, entry);
      if (entries.length > limit) entries.pop();
    },
  };
}

function inOrder(left: Entry, right: Entry): number {
  if (left.bytes !== right.bytes) return right.bytes - left.bytes;
  if (left.path === right.path) return 0;
  return left.path < right.path ? -1 : 1;
}
