import { recordFacts } from './chain.ts';
import type { Head } from './head-note.ts';
import type { LogLine } from './lines.ts';
import type { RecordLink } from './record.ts';

/**
 * Whether a log that does not begin with record 1 had its beginning removed by retention: a record of the log itself
 * says so, by the number and the hash of the last record that was removed.
 */
export interface Removed {
  /** The log's files begin behind `before`, whose hash is what the first record there names. */
  begin(before: Head): void;
  /** A segment ends with this record. */
  end(head: Head): void;
  see(link: RecordLink, line: LogLine): void;
  /** The first record that is missing without a record that says so; null: none. */
  readonly missing: number | null;
  /** The first record that says what was removed; null: there is none, or nothing was. */
  readonly saidBy: number | null;
}

/** What a retention record says. */
interface Said {
  readonly last: number;
  readonly hash: string;
  readonly ends: readonly number[];
}

export function followRemoved(): Removed {
  /** Hashes of the last records of segments, which a retention record may name. */
  const hashes = new Map<number, string>();
  let begun = 0;
  let isProven = true;
  let proven = 0;
  let saidBy: number | null = null;

  function begin({ seq, hash }: Head): void {
    begun = seq;
    isProven = seq === 0;
    saidBy = null;
    hashes.set(seq, hash);
  }

  function see(link: RecordLink, line: LogLine): void {
    if (link.event !== 'retention' || isProven) return;
    const said = readSaid(recordFacts(line.bytes));
    if (said === null) return;
    if (said.last < begun) proven = Math.max(proven, said.last);
    // Files are removed after the record, oldest first: what it names may be there still, in part.
    else isProven = said.ends.includes(begun) && hashes.get(said.last) === said.hash;
    if (isProven) saidBy = link.seq;
  }

  return {
    begin,
    end: ({ seq, hash }) => void hashes.set(seq, hash),
    see,
    get missing() {
      return isProven ? null : proven + 1;
    },
    get saidBy() {
      return saidBy;
    },
  };
}

function readSaid(facts: { readonly [key: string]: unknown } | null): Said | null {
  const { last_seq: last, last_hash: hash, removed } = facts ?? {};
  if (typeof last !== 'number' || typeof hash !== 'string' || !Array.isArray(removed)) return null;
  const ends = removed.map((entry: unknown) =>
    typeof entry === 'object' && entry !== null && 'last_seq' in entry ? Number(entry.last_seq) : Number.NaN,
  );
  return { last, hash, ends };
}
