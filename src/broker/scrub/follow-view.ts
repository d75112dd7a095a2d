import type { Match } from './match.ts';
import type { NeedleIndex } from './needle-index.ts';
import { joinRuns } from './runs.ts';
import { BREAK, createView, type ViewReader } from './view.ts';

const NEWLINE = 0x0a;

/** Finds needles in a view of a stream, and tells where in the stream they are. */
export interface ViewFollower {
  /** Takes in what is new; to be called before the others. */
  read(bytes: Buffer, offset: number, ended: boolean): void;
  /** Whether a needle may go over this place, the end of a line. */
  mayGoOver(place: number): boolean;
  /**
   * @param lineEnd a place that no needle goes over, or 0
   * @param report gets matches by their places in the stream
   * @returns the place before which no later match begins
   */
  find(bytes: Buffer, offset: number, lineEnd: number, ended: boolean, report: (m: Match) => void): number;
}

export interface Rules {
  /**
   * So many bytes at the beginning of a needle stand on one line, so that a line does not have to wait for the next one
   * whenever it ends with what some needle begins with; 1 where that does not matter.
   */
  readonly unbroken: number;
  /** Whether the beginning of a needle at the end of the stream is reported. */
  readonly mayBeCut: boolean;
}

export function followView(
  reader: ViewReader,
  index: NeedleIndex,
  { unbroken, mayBeCut }: Rules,
): ViewFollower {
  const view = createView();
  let next = 0;

  function isOnOneLine(bytes: Buffer, offset: number, at: number): boolean {
    if (unbroken <= 1) return true;
    const [start, end] = [view.startOf(at) - offset, view.startOf(at + unbroken - 1) - offset];
    // What is not there any more stood on a line that has passed.
    if (start < 0) return false;
    const newline = bytes.indexOf(NEWLINE, start);
    return newline < 0 || newline > end;
  }

  return {
    read(bytes, offset, ended) {
      next = reader.read(bytes, offset, ended, view);
    },
    mayGoOver: (place) => index.mayContinue(view.bytes().subarray(0, view.before(place)), unbroken),
    find(bytes, offset, lineEnd, ended, report) {
      const { length } = view;
      const seen = view.bytes();
      const to =
        ended || !reader.goesOn()
          ? length
          : Math.max(length - index.longest, view.before(lineEnd), seen.lastIndexOf(BREAK) + 1);
      const runs = joinRuns(report);
      const inStream = (start: number, end: number, name: string, goesOn: boolean): Match => ({
        start: view.startOf(start),
        // What stands between two parts of a needle is masked with them.
        end: goesOn && end < length ? view.startOf(end) : view.endOf(end - 1),
        name,
      });
      index.find(seen, 0, to, ({ start, end, name }, goesOn) => {
        if (isOnOneLine(bytes, offset, start)) runs.add(inStream(start, end, name, goesOn));
      });
      runs.end();
      const cut = ended && mayBeCut ? index.unfinished(seen) : null;
      if (cut !== null && isOnOneLine(bytes, offset, cut.start))
        report(inStream(cut.start, cut.end, cut.name, false));
      const from = to < length ? view.startOf(to) : next;
      view.drop(Math.max(0, to));
      return from;
    },
  };
}
