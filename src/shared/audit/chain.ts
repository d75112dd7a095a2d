import type { Head } from './head-note.ts';
import type { LogLine } from './lines.ts';
import { hashOfLine, parseRecord, type RecordLink, readLink, readNext } from './record.ts';
import { beginTornRegion, type Fragment, type TornRegion } from './torn-region.ts';

/** What can be wrong with a log. */
export type Fault =
  | 'edited'
  | 'missing'
  | 'reordered'
  | 'truncated'
  | 'appended'
  | 'torn'
  | 'head-mismatch'
  | 'resealed';

/** The first place where a log is not a chain. */
export interface ChainProblem {
  readonly what: Fault;
  /** The sequence number that should stand here. */
  readonly seq: number;
  /** The file's name, the line number in it, from 1, and where that line begins. */
  readonly file: string;
  readonly line: number;
  readonly offset: number;
  readonly detail: string;
  /** What stands here, where it is a record whose own hash is right. */
  readonly found: RecordLink | null;
  /** The bytes from here on, which a recovery record may yet declare as torn. */
  readonly region: TornRegion;
}

/**
 * Is told of each record that is linked to all before it, in order, with its file and line number there. The line's bytes
 * are valid until it returns.
 */
export type SeeRecord = (link: RecordLink, line: LogLine, file: string, number: number) => void;

/** Follows the chain over the lines of a log, one by one, in constant memory. */
export interface Chain {
  /** The last record that is linked to all before it. */
  readonly head: Head;
  /** The record before `head`. */
  readonly before: Head;
  /** The file in which `head` stands, and its line number there. */
  readonly file: string;
  readonly line: number;
  readonly recoveries: number;
  /** Not null from a bad line on, until a recovery record declares exactly those bytes. */
  readonly problem: ChainProblem | null;
  /** Takes the next line. Returns whether reading on can change anything. */
  take(line: LogLine): boolean;
  /** The lines that follow are those of the next file. */
  enter(file: string): void;
}

/** Begins after `start`, which stands in `file` or before it. */
export function followChain(start: Head, file = '', see: SeeRecord = ignore): Chain {
  let head = start;
  let before = start;
  let present = file;
  let lines = 0;
  let headFile = file;
  let headLine = 0;
  let recoveries = 0;
  let problem: ChainProblem | null = null;

  function accept(link: RecordLink, line: LogLine): void {
    before = head;
    head = { seq: link.seq, hash: link.hash, bytes: line.offset + line.bytes.length + 1 };
    headFile = present;
    headLine = lines;
    if (link.event === 'recovery') recoveries += 1;
    see(link, line, headFile, headLine);
  }

  function take(line: LogLine): boolean {
    lines += 1;
    // Nearly every line: what is not exactly the next record is looked at once more.
    const next = problem === null && line.terminated ? readNext(line.bytes, head.seq + 1, head.hash) : null;
    if (next !== null && next.event !== 'recovery') {
      accept(next, line);
      return true;
    }
    const link = readLink(line.bytes);
    if (problem === null) {
      const fault = judge(line, link, head);
      if (fault === null && link !== null) {
        accept(link, line);
        return true;
      }
      problem = {
        ...(fault ?? NOT_A_RECORD),
        seq: head.seq + 1,
        file: present,
        line: lines,
        offset: line.offset,
        region: beginTornRegion(line),
      };
      return !problem.region.overLimit;
    }
    const { region } = problem;
    if (link !== null && link.event === 'recovery' && isNext(line, link, head)) {
      const fragment = declaredFragment(line.bytes);
      if (fragment !== null && region.isDeclaredBy(fragment)) {
        problem = null;
        accept(link, line);
        return true;
      }
    }
    region.add(line);
    return !region.overLimit;
  }

  function enter(next: string): void {
    head = { ...head, bytes: 0 };
    present = next;
    lines = 0;
  }

  return {
    get head() {
      return head;
    },
    get before() {
      return before;
    },
    get file() {
      return headFile;
    },
    get line() {
      return headLine;
    },
    get recoveries() {
      return recoveries;
    },
    get problem() {
      return problem;
    },
    take,
    enter,
  };
}

function ignore(): void {
  // Most who follow a chain look at its head alone.
}

/** Whether a line is the record that follows `head`: form, own hash, number and link. */
export function isNext(line: LogLine, link: RecordLink | null, head: Head): boolean {
  return (
    link !== null &&
    link.seq === head.seq + 1 &&
    link.prev === head.hash &&
    hashOfLine(line.bytes) === link.hash
  );
}

type Judgement = Pick<ChainProblem, 'what' | 'detail' | 'found'>;
const NOT_A_RECORD: Judgement = {
  what: 'edited',
  detail: 'the line is not in the form of a record',
  found: null,
};

function judge(line: LogLine, link: RecordLink | null, head: Head): Judgement | null {
  if (!line.terminated) {
    return { what: 'torn', detail: 'the line has no end, and no recovery record declares it', found: null };
  }
  if (link === null) return NOT_A_RECORD;
  if (hashOfLine(line.bytes) !== link.hash) {
    return { what: 'edited', detail: 'its hash is not that of its bytes', found: null };
  }
  const expected = head.seq + 1;
  if (link.seq > expected) {
    return { what: 'missing', detail: `record ${link.seq} stands in its place`, found: link };
  }
  if (link.seq < expected) {
    return { what: 'reordered', detail: `record ${link.seq} stands here once more`, found: link };
  }
  if (link.prev !== head.hash) {
    return { what: 'edited', detail: 'it is not linked to the record before it', found: link };
  }
  if (link.event === 'recovery' && declaredFragment(line.bytes) !== null) {
    return {
      what: 'missing',
      detail: 'the torn bytes that this recovery record declares are not there',
      found: link,
    };
  }
  return null;
}

/** The torn bytes that a recovery record declares; null for none, or where the line is no such record. */
function declaredFragment(line: Buffer): Fragment | null {
  const fragment = recordFacts(line)?.['fragment'];
  if (typeof fragment !== 'object' || fragment === null || Array.isArray(fragment)) return null;
  const { offset, bytes, sha256 } = fragment as { readonly [key: string]: unknown };
  return typeof offset === 'number' && typeof bytes === 'number' && typeof sha256 === 'string'
    ? { offset, bytes, sha256 }
    : null;
}

/** What a record holds below `facts`; null where the line is no record. */
export function recordFacts(line: Buffer): { readonly [key: string]: unknown } | null {
  try {
    return parseRecord(line).facts;
  } catch {
    // A line that is no record declares nothing; what is wrong with it is told by the chain.
    return null;
  }
}
