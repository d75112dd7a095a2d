import type { FileHandle } from 'node:fs/promises';
import { type Chain, followChain, isNext } from '../../shared/audit/chain.ts';
import type { Head } from '../../shared/audit/head-note.ts';
import { readLines } from '../../shared/audit/lines.ts';
import { hashOfLine, LINE_BYTES_MAXIMUM, readLink } from '../../shared/audit/record.ts';
import type { Fragment } from '../../shared/audit/torn-region.ts';

const NEWLINE = 0x0a;

/** How a log goes on after a head that is known. */
export interface Tail {
  /** The last whole record that is linked to the known head. */
  readonly head: Head;
  /** The bytes after `head`; empty in a log that ended well. */
  readonly rest: Buffer;
  /** What `rest` is declared as; null where there is none, or where it is a record that lacks only its newline. */
  readonly fragment: Fragment | null;
  /** What the next record is linked to and where it begins; where not `closed`, a newline goes before it. */
  readonly next: { readonly after: Head; readonly closed: boolean };
}

/** Nothing stands behind `head`. */
export function emptyTail(head: Head): Tail {
  return { head, rest: Buffer.alloc(0), fragment: null, next: { after: head, closed: true } };
}

export interface TailOptions {
  /** Is told of each record that is linked to all before it. */
  readonly see?: (head: Head) => void;
  /** Whether bytes may lack in the middle too, as a power cut can leave what was never synced. Default: no. */
  readonly mayHaveHoles?: boolean;
}

/**
 * Reads on from a known head to the log's end. Throws Error where what stands there cannot come from a write that was
 * cut short: a whole record that is not linked, unless there may be holes, or more torn bytes than one recovery record
 * may declare.
 */
export async function readTail(
  log: FileHandle,
  start: Head,
  { see = ignore, mayHaveHoles = false }: TailOptions = {},
): Promise<Tail> {
  const { size } = await log.stat();
  const chain = followChain(start);
  let unended: Head | null = null;
  await readLines(log, start.bytes, size, (line) => {
    const link = line.terminated || chain.problem !== null ? null : readLink(line.bytes);
    if (link !== null && isNext(line, link, chain.head))
      unended = { seq: link.seq, hash: link.hash, bytes: size + 1 };
    const more = chain.take(line);
    if (chain.problem === null) see(chain.head);
    return more;
  });
  return describe(log, chain, size, { unended, mayHaveHoles });
}

function ignore(): void {
  // Most callers look at the last head only.
}

async function describe(
  log: FileHandle,
  chain: Chain,
  size: number,
  { unended, mayHaveHoles }: { readonly unended: Head | null; readonly mayHaveHoles: boolean },
): Promise<Tail> {
  const { head, problem } = chain;
  if (problem === null) return emptyTail(head);
  const { region } = problem;
  if (unended === null && ((region.holdsWholeForm && !mayHaveHoles) || region.overLimit)) {
    throw new Error(`record ${problem.seq} is ${problem.what}: ${problem.detail}`);
  }
  const rest = await readBytes(log, head.bytes, size - head.bytes);
  if (unended !== null) return { head, rest, fragment: null, next: { after: unended, closed: false } };
  const after = { ...head, bytes: region.closed ? size : size + 1 };
  return { head, rest, fragment: region.fragment(), next: { after, closed: region.closed } };
}

/** Reads `length` bytes, or what there is. */
export async function readBytes(log: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await log.read(bytes, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Whether the record that `head` names ends where it says, by the hash of its line; at byte 0 it stands in no file. */
export async function standsAt(log: FileHandle, head: Head): Promise<boolean> {
  if (head.bytes === 0) return true;
  const from = Math.max(0, head.bytes - LINE_BYTES_MAXIMUM);
  const bytes = await readBytes(log, from, head.bytes - from);
  if (bytes.length !== head.bytes - from || bytes.at(-1) !== NEWLINE) return false;
  const line = bytes.subarray(bytes.lastIndexOf(NEWLINE, bytes.length - 2) + 1, -1);
  const link = readLink(line);
  return link !== null && link.seq === head.seq && link.hash === head.hash && hashOfLine(line) === head.hash;
}
