import { findSurroundings } from './call-surroundings.ts';
import type { Damage } from './log-segments.ts';
import { requestIn } from './record-words.ts';
import { scanLog } from './scan-log.ts';
import { type StoryRecord, storyRecord } from './story-record.ts';
import { EVER } from './time-range.ts';

/** Most records that name one request, and most lines that hold its id and are no records, that are kept. */
export const STORY_MAXIMUM = 256;

export interface CallStory {
  /** In the order of their numbers: session, intent, launches and their ends, outcome, the session's end. */
  readonly records: readonly StoryRecord[];
  /** Lines that hold the id and are no records. */
  readonly foreign: readonly Buffer[];
  /** Whether there is more than is kept. */
  readonly isCut: boolean;
  readonly damage: readonly Damage[];
}

/** Events that end a call, or are all there is of it. */
const ENDS: ReadonlySet<string | null> = new Set(['call-end', 'interrupted', 'denied', 'invalid', 'refused']);

export function hasEnd({ records }: CallStory): boolean {
  return records.some(({ view }) => ENDS.has(view.event));
}

/**
 * Finds what the log tells of one call: the records that name its id, and those of its session and its launches.
 * @throws what listing, opening and reading throws
 */
export async function findStory(path: string, requestId: string): Promise<CallStory> {
  const own = new Map<number, StoryRecord>();
  const foreign: Buffer[] = [];
  const scan = { path, range: EVER, needles: [Buffer.from(requestId)] };
  let isCut = false;
  const damage = await scanLog(scan, (line) => {
    const record = storyRecord(line);
    isCut = own.size >= STORY_MAXIMUM || foreign.length >= STORY_MAXIMUM;
    if (isCut) return false;
    if (record === null) foreign.push(Buffer.from(line));
    else if (requestIn(record.view) === requestId) own.set(record.seq, record);
    return true;
  });
  const surroundings = own.size === 0 ? [] : await findSurroundings(path, [...own.values()]);
  const records = [...surroundings, ...own.values()].sort((one, other) => one.seq - other.seq);
  return { records, foreign, isCut, damage };
}
