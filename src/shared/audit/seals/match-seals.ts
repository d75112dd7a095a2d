import type { SeeRecord } from '../chain.ts';
import type { LogLine } from '../lines.ts';
import { type AuditRecord, parseRecord, type RecordLink } from '../record.ts';
import type { SealReader } from './read-seals.ts';
import type { Seal } from './seal.ts';
import type { SealFault } from './seal-chain.ts';

/** A seal and the log that do not belong together. */
export interface MatchProblem {
  readonly what: SealFault | 'truncated';
  /** The record at which it shows. */
  readonly seq: number;
  /** Where that is: a file's name and a line number in it. */
  readonly file: string;
  readonly line: number;
  readonly detail: string;
}

/** Holds the records of a log against its seals, while the chain of both is followed. */
export interface SealMatch {
  /** The last seal whose record stands in the log as it was sealed; null: none does yet. */
  readonly proven: Seal | null;
  /** Seals whose records stand in the log. */
  readonly matched: number;
  /** Seals of records that are not there any more, or were not given. */
  readonly before: number;
  readonly problem: MatchProblem | null;
  /** The last `seal` record, where its seal is not there; null: it is. */
  readonly awaited: number | null;
  /** Every record of the chain, in order. */
  readonly see: SeeRecord;
  /**
   * The log has ended with record `last`. A seal within the first `known` bytes of its file stood there before the log's
   * end was read, so its record must be there; one that came later may be of a later record.
   */
  end(last: number, known: number): void;
}

/** A record that a seal is of, or should be. */
interface SealedRecord {
  readonly seq: number;
  readonly hash: string;
  readonly file: string;
  readonly line: number;
  /** What its facts say, and which process wrote it; null: it is no `seal` record. */
  readonly says: { readonly epoch: unknown; readonly nextKey: unknown; readonly writer: string } | null;
}

/**
 * What a daemon that has begun anew writes: such a record tells why the one before made no seal. Calls that were interrupted
 * come before the start's own record, and a seal may come between.
 */
const RESTARTS: ReadonlySet<string> = new Set(['daemon-start', 'recovery', 'interrupted']);

/**
 * Every seal must be of the `seal` record of its epoch, as that stands in the log. A `seal` record without a seal is
 * explained only by a daemon that ended, or could not write, between the two: then the next `seal` record is of the
 * same epoch, and another process wrote it, or a record that tells of it stands between them.
 */
export function matchSeals(seals: SealReader): SealMatch {
  /** The next seal, read ahead. */
  let upcoming: Seal | null = null;
  let proven: Seal | null = null;
  let matched = 0;
  let before = 0;
  /** A `seal` record whose seal is still to come. */
  let unsealed: SealedRecord | null = null;
  let restarted = false;
  let isFirst = true;
  let problem: MatchProblem | null = null;

  function see(link: RecordLink, { bytes }: LogLine, file: string, line: number): void {
    if (problem !== null) return;
    if (isFirst || (upcoming !== null && link.seq > upcoming.seq)) skipTo(link.seq);
    if (RESTARTS.has(link.event)) restarted = true;
    if (link.event !== 'seal' && link.seq !== upcoming?.seq) return;
    problem = judge({ seq: link.seq, hash: link.hash, file, line, says: readSealRecord(bytes) });
  }

  /** The log begins here, or retention has removed what was being read. */
  function skipTo(seq: number): void {
    isFirst = false;
    unsealed = null;
    upcoming ??= seals.next();
    for (; upcoming !== null && upcoming.seq < seq; upcoming = seals.next()) before += 1;
  }

  function judge(record: SealedRecord): MatchProblem | null {
    const late = matchLate();
    if (late !== null) return late;
    if (upcoming === null && seals.problem !== null) return ofSeals(record.seq);
    if (record.seq === upcoming?.seq) return match(record, upcoming);
    const gap = judgeGap(record);
    if (gap !== null) return gap;
    const epoch = nextEpoch();
    if (record.says?.epoch !== epoch) {
      return fault(
        record,
        'missing',
        `it is of epoch ${record.says?.epoch}, and the seal of epoch ${epoch} is missing`,
      );
    }
    unsealed = record;
    restarted = false;
    return null;
  }

  /** The seal of the last `seal` record may have been written since the last look. */
  function matchLate(): MatchProblem | null {
    upcoming ??= seals.next();
    return unsealed !== null && upcoming?.seq === unsealed.seq ? match(unsealed, upcoming) : null;
  }

  function match(record: SealedRecord, seal: Seal): MatchProblem | null {
    const why = whyNotSealed(record, seal);
    if (why !== null) {
      const from = (proven?.seq ?? 0) + 1;
      const detail = `${why}: one from ${from} to ${record.seq} was changed and all later ones hashed anew, or the seals are another log's`;
      return fault(record, 'edited', detail);
    }
    const gap = unsealed === record ? null : judgeGap(record);
    if (gap !== null) return gap;
    proven = seal;
    matched += 1;
    unsealed = null;
    restarted = false;
    upcoming = seals.next();
    return null;
  }

  function judgeGap({ says }: SealedRecord): MatchProblem | null {
    if (unsealed === null || restarted || says?.writer !== unsealed.says?.writer) return null;
    const detail = `the seal of epoch ${nextEpoch()} is missing, and no start or recovery tells why`;
    return fault(unsealed, 'missing', detail);
  }

  function nextEpoch(): number {
    return upcoming?.epoch ?? (seals.last?.epoch ?? 0) + 1;
  }

  function end(last: number, known: number): void {
    problem ??= matchLate();
    if (problem !== null) return;
    if (upcoming !== null && upcoming.seq > last && seals.bytes <= known) {
      const detail = `the log ends here; the seal of epoch ${upcoming.epoch} is of record ${upcoming.seq}`;
      const { name: file } = seals;
      problem = { what: 'truncated', seq: last + 1, file, line: upcoming.epoch, detail };
      return;
    }
    while (upcoming !== null) upcoming = seals.next();
    problem = ofSeals((proven?.seq ?? 0) + 1);
  }

  function ofSeals(seq: number): MatchProblem | null {
    const { problem: found } = seals;
    if (found === null) return null;
    const detail = `the seal of epoch ${found.epoch}: ${found.detail}`;
    return { what: found.what, seq, file: seals.name, line: found.line, detail };
  }

  return {
    get proven() {
      return proven;
    },
    get matched() {
      return matched;
    },
    get before() {
      return before;
    },
    get problem() {
      return problem;
    },
    get awaited() {
      return unsealed?.seq ?? null;
    },
    see,
    end,
  };
}

function fault({ file, line, seq }: SealedRecord, what: MatchProblem['what'], detail: string): MatchProblem {
  return { what, seq, file, line, detail };
}

function whyNotSealed({ hash, says }: SealedRecord, { epoch, seq, hash: sealed, next }: Seal): string | null {
  if (hash !== sealed) return `the seal of epoch ${epoch} knows another record ${seq}`;
  if (says?.epoch === epoch && says.nextKey === next.toString('base64')) return null;
  return `the seal of epoch ${epoch} is of record ${seq}, which is not the record of that seal`;
}

/** What a `seal` record says; null: it is none. */
function readSealRecord(line: Buffer): SealedRecord['says'] {
  let record: AuditRecord;
  try {
    record = parseRecord(line);
  } catch {
    // Its own hash is right: what else is wrong with it makes it no record of a seal.
    return null;
  }
  const { epoch, next_key: nextKey } = record.facts;
  return record.event === 'seal' ? { epoch, nextKey, writer: `${record.boot} ${record.writer}` } : null;
}
