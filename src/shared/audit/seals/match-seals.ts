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

type Place = Pick<MatchProblem, 'file' | 'line'>;

/** What a daemon that has begun anew writes: such a record tells why the one before made no seal. */
const RESTARTS: ReadonlySet<string> = new Set(['daemon-start', 'recovery']);

/**
 * Every seal must be of the `seal` record of its epoch, as that stands in the log. A `seal` record without a seal is
 * explained only by a daemon that ended, or could not write, between the two: then the next `seal` record is of the
 * same epoch, and a record that tells of it stands between them.
 */
export function matchSeals(seals: SealReader): SealMatch {
  let place: Place = { file: '', line: 0 };
  /** The next seal, read ahead. */
  let upcoming: Seal | null = null;
  let proven: Seal | null = null;
  let matched = 0;
  let before = 0;
  /** A `seal` record whose seal is still to come. */
  let unsealed: (Place & { readonly seq: number }) | null = null;
  let restarted = false;
  let isFirst = true;
  let problem: MatchProblem | null = null;

  function see(link: RecordLink, line: LogLine, file: string, number: number): void {
    if (problem !== null) return;
    if (isFirst || (upcoming !== null && link.seq > upcoming.seq)) skipTo(link.seq);
    if (RESTARTS.has(link.event)) restarted = true;
    if (link.event !== 'seal' && link.seq !== upcoming?.seq) return;
    place = { file, line: number };
    problem = judge(link, line.bytes);
  }

  /** The log begins here, or retention has removed what was being read. */
  function skipTo(seq: number): void {
    isFirst = false;
    unsealed = null;
    upcoming ??= seals.next();
    for (; upcoming !== null && upcoming.seq < seq; upcoming = seals.next()) before += 1;
  }

  function judge(link: RecordLink, line: Buffer): MatchProblem | null {
    // It may have been written since the last look.
    upcoming ??= seals.next();
    if (upcoming === null && seals.problem !== null) return ofSeals(link.seq);
    const epoch = upcoming?.epoch ?? (seals.last?.epoch ?? 0) + 1;
    if (unsealed !== null && !restarted) {
      const detail = `the seal of epoch ${epoch} is missing, and no start or recovery tells why`;
      return { ...unsealed, what: 'missing', detail };
    }
    restarted = false;
    if (link.seq !== upcoming?.seq) {
      const named = readSealRecord(line)?.epoch;
      if (named !== epoch) {
        return fault(
          'missing',
          link.seq,
          `it is of epoch ${named}, and the seal of epoch ${epoch} is missing`,
        );
      }
      unsealed = { ...place, seq: link.seq };
      return null;
    }
    const why = whyNotSealed(link, line, upcoming);
    if (why !== null) {
      const from = (proven?.seq ?? 0) + 1;
      return fault(
        'edited',
        link.seq,
        `${why}: one from ${from} to ${link.seq} was changed and all later ones hashed anew, or the seals are another log's`,
      );
    }
    proven = upcoming;
    matched += 1;
    unsealed = null;
    upcoming = seals.next();
    return null;
  }

  function fault(what: MatchProblem['what'], seq: number, detail: string): MatchProblem {
    return { ...place, what, seq, detail };
  }

  function end(last: number, known: number): void {
    if (problem !== null) return;
    upcoming ??= seals.next();
    if (upcoming !== null && upcoming.seq > last && seals.bytes <= known) {
      const { epoch, seq } = upcoming;
      problem = fault(
        'truncated',
        last + 1,
        `the log ends here; the seal of epoch ${epoch} is of record ${seq}`,
      );
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

function whyNotSealed(link: RecordLink, line: Buffer, seal: Seal): string | null {
  if (link.hash !== seal.hash) return `the seal of epoch ${seal.epoch} knows another record ${seal.seq}`;
  const record = readSealRecord(line);
  if (record?.epoch === seal.epoch && record.nextKey === seal.next.toString('base64')) return null;
  return `the seal of epoch ${seal.epoch} is of record ${seal.seq}, which is not the record of that seal`;
}

/** What a `seal` record says; null: it is none. */
function readSealRecord(line: Buffer): { readonly epoch: unknown; readonly nextKey: unknown } | null {
  let record: AuditRecord;
  try {
    record = parseRecord(line);
  } catch {
    // Its own hash is right: what else is wrong with it makes it no record of a seal.
    return null;
  }
  const { epoch, next_key: nextKey } = record.facts;
  return record.event === 'seal' ? { epoch, nextKey } : null;
}
