import { join } from 'node:path';
import { HEAD_NOTE_FILE } from '../../shared/audit/head-note.ts';
import { hashOfLine, parseRecord } from '../../shared/audit/record.ts';
import { firstRecord, openSegment } from '../../shared/audit/segment-file.ts';
import { verifyLog } from '../../shared/audit/verify.ts';
import { composeAddition } from './addition.ts';
import type { Appender } from './appender.ts';
import type { AuditClock } from './clock.ts';
import { recoveryRecord } from './recovery.ts';
import { rotationRecord } from './rotation.ts';
import { holdStore, type LogStore } from './store.ts';
import { type TakenUp, takeUpLog } from './take-up.ts';
import { StorageFailure, unavailable } from './unavailable.ts';

/** The log as it goes on from an earlier run. */
export interface Opened {
  readonly store: LogStore;
  /** When its present segment was begun, in milliseconds since 1970. */
  readonly begun: number;
  /** Whether torn bytes stand in that segment. */
  readonly isTorn: boolean;
}

/**
 * Opens the log's files and declares what is not as the last run should have left it. Throws Error
 * "Cannot open the audit log: …" with the first bad record where there is one, and AuditUnavailable where nothing is wrong
 * with the log and it cannot be written.
 *
 * @param sealed number of the last record that was sealed, 0 for none: the log cannot end before it
 */
export async function openStore(
  path: string,
  stateFolder: string,
  clock: AuditClock,
  sealed: number,
  appender: Appender,
): Promise<Opened> {
  const taken = await takeUpLog(path, stateFolder, clock.boot).catch(async (error: unknown) => {
    const bad = await firstBad(path, join(stateFolder, HEAD_NOTE_FILE));
    throw cannotOpen(bad ?? reason(error), error);
  });
  const { files, recovery } = taken;
  const store = holdStore(files, appender);
  try {
    const { after } = files.tail.next;
    if (after.seq < sealed)
      throw new Error(`it ends with record ${after.seq}, and record ${sealed} was sealed`);
    const records = recordsOf(taken, clock);
    if (records.length > 0) await store.add(composeAddition(files.tail.next, records));
    // Also where nothing was to be declared: the note then names the present boot.
    await store.settle();
    return {
      store,
      begun: await begunAt(path, clock),
      isTorn: recovery !== null && files.tail.fragment !== null,
    };
  } catch (error) {
    await store.abandon();
    throw error instanceof StorageFailure ? unavailable(error) : cannotOpen(reason(error), error);
  }
}

function recordsOf(
  { files, recovery, rotation }: TakenUp,
  clock: AuditClock,
): ReturnType<typeof recoveryRecord>[] {
  const at = clock.now();
  return [
    ...(rotation === null ? [] : [rotationRecord(rotation, 'unfinished', at)]),
    ...(recovery === null ? [] : [recoveryRecord(files.tail, recovery, at)]),
  ];
}

/** When the present segment's first record was written; now where it has none that can be read. */
async function begunAt(path: string, clock: AuditClock): Promise<number> {
  const file = await openSegment({ path, first: null, isCompressed: false });
  const first = await (file === null ? null : firstRecord(file).finally(() => file.close()));
  const isRecord = first !== null && hashOfLine(first.line) === first.link.hash;
  return Date.parse(isRecord ? parseRecord(first.line).time : clock.now().time);
}

/** What the whole log says once it is refused. Its reading is not worth a second error beside the first. */
async function firstBad(path: string, headPath: string): Promise<string | null> {
  const result = await verifyLog(path, headPath, { rereads: 0 }).catch(() => null);
  if (result === null || result.firstBad === null) return null;
  const { segment, seq, line, what, detail } = result.firstBad;
  return `record ${seq} (${segment}, line ${line}) is bad (${what}): ${detail}`;
}

function cannotOpen(why: string, cause: unknown): Error {
  return new Error(`Cannot open the audit log: ${why}`, { cause });
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
