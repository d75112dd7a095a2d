import type { Match } from './match.ts';

/** Makes one range of matches that overlap, or that touch under the same name; the first names it. */
export interface Merger {
  /** @param rank of two for the same bytes that of the lower rank names the mark */
  add(match: Match, rank: number): void;
  /**
   * Returns the ranges to which nothing can be added any more, in order.
   * @param decided no match that begins before this place is still to come
   */
  merge(decided: number, ended: boolean): Match[];
  /** Where a range begins that may still grow. */
  openFrom(): number | null;
}

interface Ranked extends Match {
  readonly rank: number;
}

export function createMerger(): Merger {
  /** Those that begin at or after what was decided. */
  let waiting: Ranked[] = [];
  let open: Match | null = null;
  return {
    add: (match, rank) => void waiting.push({ ...match, rank }),
    merge(decided, ended) {
      const ready = ended ? waiting : waiting.filter(({ start }) => start < decided);
      waiting = ended ? [] : waiting.filter(({ start }) => start >= decided);
      const closed: Match[] = [];
      for (const { start, end, name } of ready.toSorted(inOrder)) {
        if (open !== null && (start < open.end || (start === open.end && name === open.name))) {
          open = { ...open, end: Math.max(open.end, end) };
          continue;
        }
        if (open !== null) closed.push(open);
        open = { start, end, name };
      }
      if (open !== null && (ended || open.end < decided)) {
        closed.push(open);
        open = null;
      }
      return closed;
    },
    openFrom: () => open?.start ?? null,
  };
}

function inOrder(one: Ranked, other: Ranked): number {
  return one.start - other.start || other.end - one.end || one.rank - other.rank;
}
