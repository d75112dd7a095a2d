import type { Match } from './match.ts';

/** Joins matches of one name that overlap, as those of a value that repeats itself do at each of its bytes. */
export interface Runs {
  /** In the order of their starts. */
  add(match: Match): void;
  /** To be called behind the last one. */
  end(): void;
}

/**
 * @param report gets the first match of a run as it is, since that names what is masked, and all others as one: what comes
 * of them in the end does not depend on where a run was cut by the chunks of a stream
 */
export function joinRuns(report: (match: Match) => void): Runs {
  let behind = -1;
  let name = '';
  let rest: Match | null = null;
  function end(): void {
    if (rest !== null) report(rest);
    rest = null;
  }
  return {
    add(match) {
      if (match.start >= behind || match.name !== name) {
        end();
        report(match);
        ({ end: behind, name } = match);
      } else if (match.end > behind) {
        rest = { start: rest?.start ?? match.start, end: match.end, name };
        behind = match.end;
      }
    },
    end,
  };
}
