import { type Following, followSegment, pause } from './follow-segment.ts';
import type { LogItem } from './log-item.ts';
import {
  type Beginning,
  findBeginning,
  type LogPlace,
  type LogPosition,
  segmentAfter,
} from './log-position.ts';
import { openSegment } from './segment-reader.ts';

export type { LogItem } from './log-item.ts';
export type { LogPlace, LogPosition } from './log-position.ts';

/** How soon a new record is seen, in milliseconds. */
const POLL_MS = 250;
const NOTHING = Buffer.alloc(0);

export interface Follow {
  /** The file that is written to, as `audit.path` names it; the other files lie beside it. */
  readonly path: string;
  /** A position that an earlier run has kept, a place (`placeOfLastLines`), or the oldest record that is there. */
  readonly from: LogPosition | LogPlace | 'start';
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** Milliseconds between two looks at the end; default POLL_MS. */
  readonly pollMs?: number;
}

/**
 * Gives a log's records in order, across rotation, compression and removal of its files, and then those that are written
 * later. Each is given at least once; numbers tell those that come again. It does not prove the chain: `driverctl audit
 * verify` does. A log that is not there yet is waited for.
 * @throws what listing, opening and reading the files throws: none that is there is passed over
 */
export async function* followLog({ path, from, signal, pollMs }: Follow): AsyncGenerator<LogItem, void> {
  const following: Following = { path, signal, pollMs: pollMs ?? POLL_MS };
  let beginning: Beginning | null = await findBeginning(path, from);
  let { opening, progress } = beginning;
  let isTold = false;
  while (!signal.aborted) {
    const next = opening ?? { segment: await segmentAfter(path, progress), offset: 0, sought: null };
    const reader = await openSegment(next.segment, next.offset);
    if (reader !== null) {
      if (beginning?.isAnother === true) yield { kind: 'changed' };
      beginning = null;
      isTold = false;
      progress.segment = reader.first;
      try {
        opening = yield* followSegment(following, reader, next, progress);
      } finally {
        await reader.close();
      }
      continue;
    }
    // It was renamed, compressed or removed since it was listed, or has not been made yet.
    if (!isTold) yield { kind: 'caught-up', rest: NOTHING };
    isTold = true;
    await pause(signal, following.pollMs);
    opening = null;
    if (beginning === null) continue;
    beginning = await findBeginning(path, from);
    ({ opening, progress } = beginning);
  }
}
