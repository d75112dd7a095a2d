import { escapeForTerminal } from '../../shared/terminal/escape.ts';

/** Longest line that is shown as one, in bytes; of a longer one each part of that length counts as a line. */
export const LONGEST_LINE = 4_096;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** A UTF-8 character has at most so many bytes after its first (RFC 3629). */
const MOST_CONTINUATIONS = 3;

/** Where a line ends. */
export interface LineEnd {
  /** The place behind its last byte; a CR before the line feed belongs to the line's end. */
  readonly end: number;
  /** Where the next one begins. */
  readonly next: number;
  /** Whether it goes on there: it is a part of a longer one. */
  readonly more: boolean;
}

/** The end of the line that begins at this place; what has no end of its own goes on in the bytes that follow. */
export function lineEnd(bytes: Uint8Array, from: number): LineEnd {
  const limit = Math.min(bytes.length, from + LONGEST_LINE);
  let end = from;
  while (end < limit && bytes[end] !== NEWLINE) end += 1;
  if (bytes[end] === NEWLINE) {
    const behindReturn = end > from && bytes[end - 1] === CARRIAGE_RETURN;
    return { end: behindReturn ? end - 1 : end, next: end + 1, more: false };
  }
  const cut = end < bytes.length ? characterBorder(bytes, end) : end;
  return { end: cut, next: cut, more: true };
}

/** The last place up to this one at which a UTF-8 character begins (10xxxxxx continues one). */
function characterBorder(bytes: Uint8Array, at: number): number {
  let border = at;
  while (at - border < MOST_CONTINUATIONS && ((bytes[border] ?? 0) & 0xc0) === 0x80) border -= 1;
  return border;
}

/** How many lines `lineEnd` would find; a flood of short ones is counted so, hence in one pass. */
export function countLines(bytes: Uint8Array): number {
  let count = 0;
  let from = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    if (bytes[at] === NEWLINE) from = at + 1;
    else if (at - from === LONGEST_LINE) from = characterBorder(bytes, at);
    else continue;
    count += 1;
  }
  return from < bytes.length ? count + 1 : count;
}

/** Length of those parts of a line without an end behind which another one begins. */
export function wholeParts(bytes: Uint8Array): number {
  let at = 0;
  for (let part = lineEnd(bytes, at); part.next < bytes.length; part = lineEnd(bytes, at)) at = part.next;
  return at;
}

/**
 * A line's bytes as text for people: what is not UTF-8 as U+FFFD, control characters and what a terminal would hide as
 * visible escapes. At most four times as long.
 */
export function lineText(bytes: Uint8Array, from: number, { end }: LineEnd): string {
  return escapeForTerminal(Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('utf8'));
}
