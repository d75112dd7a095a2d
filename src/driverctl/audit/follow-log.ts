import { type Following, followSegment, pause } from './follow-segment.ts';
import type { LogItem } from './log-item.ts';
import {
  type Beginning,
  findBeginning,
  type LogPlace,
  type LogPosition,
  type Opening,
  segmentAfter,
} from './log-position.ts';
import { openSegment, type SegmentReader } from './segment-reader.ts';

export type { LogItem } from './log-item.ts';
export type { LogPlace, LogPosition } from './log-position.ts';

/** How soon a new record is seen, in milliseconds. */
const POLL_MS = 250;
/** How often a file may be missing before it is believed, and how long to wait between, in milliseconds. */
const ABSENCES = 4;
const ABSENCE_MS = 20;
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
  let progress = beginning.progress;
  let absences = 0;
  while (!signal.aborted) {
    const next = beginning?.opening ?? {
      ...{ segment: await segmentAfter(path, progress), first: null, offset: 0, sought: null },
    };
    const reader = await openThat(next);
    if (reader === null) {
      // It was renamed, compressed or removed since it was listed, which the next look will tell; or it is not there yet.
      absences += 1;
      if (absences === ABSENCES) yield { kind: 'caught-up', rest: NOTHING };
      await pause(signal, absences < ABSENCES ? Math.min(ABSENCE_MS, following.pollMs) : following.pollMs);
      if (beginning === null) continue;
      beginning = await findBeginning(path, from);
      progress = beginning.progress;
      continue;
    }
    if (beginning?.isAnother === true) yield { kind: 'changed' };
    beginning = null;
    absences = 0;
    try {
      yield* followSegment(following, reader, next, progress);
    } finally {
      await reader.close();
    }
  }
}

/** null: there is no such file, or it is another one by now. */
async function openThat({ segment, first, offset }: Opening): Promise<SegmentReader | null> {
  const reader = await openSegment(segment, offset);
  if (reader === null || first === null || reader.first === first) return reader;
  await reader.close();
  return null;
}
