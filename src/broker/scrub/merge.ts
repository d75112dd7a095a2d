import type { Match } from './match.ts';

/** Makes one range of matches that overlap, or that touch under the same name. */
export interface Merger {
  /** @param rank of those that make one range the one of the lowest rank names the mark: it is the most specific */
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
  end: number;
  readonly rank: number;
  /** Whether it stands for all that goes on from the match before it, which alone names the range. */
  readonly goesOn: boolean;
}

export function createMerger(): Merger {
  /** Those that begin at or after what was decided. */
  let waiting: Ranked[] = [];
  /** The last one that was added, by rank. */
  const lasts = new Map<number, Ranked>();
  /** What begins before this place waits no more. */
  let behind = 0;
  let open: Ranked | null = null;
  return {
    add(match, rank) {
      const last = lasts.get(rank);
      const goesOn = last?.name === match.name && match.start > last.start && match.start <= last.end;
      // A value that repeats itself matches at each of its bytes.
      if (goesOn && last.goesOn && last.start >= behind) {
        last.end = Math.max(last.end, match.end);
        return;
      }
      const added = { ...match, rank, goesOn };
      waiting.push(added);
      lasts.set(rank, added);
    },
    merge(decided, ended) {
      behind = decided;
      const ready = ended ? waiting : waiting.filter(({ start }) => start < decided);
      if (ready.length > 0 && !ended) waiting = waiting.filter(({ start }) => start >= decided);
      else if (ended) waiting = [];
      const closed: Match[] = [];
      for (const match of ready.toSorted(inOrder)) {
        const { start, end, rank } = match;
        if (open !== null && (start < open.end || (start === open.end && match.name === open.name))) {
          const { name } = rank < open.rank ? match : open;
          open = { ...open, end: Math.max(open.end, end), name, rank: Math.min(open.rank, rank) };
          continue;
        }
        if (open !== null) closed.push(withoutRank(open));
        open = match;
      }
      if (open !== null && (ended || open.end < decided)) {
        closed.push(withoutRank(open));
        open = null;
      }
      return closed;
    },
    openFrom: () => open?.start ?? null,
  };
}

function withoutRank({ start, end, name }: Ranked): Match {
  return { start, end, name };
}

function inOrder(one: Ranked, other: Ranked): number {
  return one.start - other.start || other.end - one.end || one.rank - other.rank;
}
