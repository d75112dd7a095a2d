import type { Automaton, Match } from './automaton.ts';
import { findPatterns } from './find-patterns.ts';
import { mask } from './mask.ts';
import { followPrivateKeys } from './private-key.ts';

/** A line longer than this is cut into pieces, so that memory stays bounded. */
const LONGEST_LINE = 8_192;
/** How far back from there a piece may end, at a character that no token goes over. */
const LOOK_BACK = 4_096;
const BREAK = /[\s"'`,;<>(){}[\]|]/;
const NEWLINE = 0x0a;

export type ScrubCounts = ReadonlyMap<string, number>;

export interface ScrubStream {
  /** Takes the next bytes; returns what is safe to pass on. */
  write(chunk: Uint8Array): Uint8Array;
  /** Returns the rest. */
  end(): Uint8Array;
  readonly counts: ScrubCounts;
}

/**
 * Scrubs a stream of bytes. Where it cuts depends on the bytes alone, never on how they came in chunks: after a line
 * in whose end no known value has begun, or within a line that is too long. Bytes are taken as latin1, so that what is
 * not UTF-8 passes unharmed.
 */
export function createScrubStream(known: Automaton): ScrubStream {
  const counts = new Map<string, number>();
  const privateKeys = followPrivateKeys();
  let held: Buffer = Buffer.alloc(0);
  /** Bytes of `held` in which no boundary was found yet. */
  let searched = 0;
  /** A masked token went over the end of a piece: what follows of it is masked already. */
  let withinToken = false;

  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);

  function scrubLine(text: string, matches: readonly Match[]): string {
    const block = privateKeys.line(text);
    const found = [...matches, ...(block === null ? [] : [block]), ...findPatterns(text)];
    return mask(
      text,
      found.map((match) => onCharacterBorders(text, match)),
      count,
    );
  }

  /** Whole lines: known values may go over several of them, patterns stay within one. */
  function scrubUnit(bytes: Buffer): string {
    const text = bytes.toString('latin1');
    const { matches } = known(bytes);
    const crossing = matches.filter(({ start, end }) => text.slice(start, end - 1).includes('\n'));
    if (crossing.length > 0) return scrubLine(text, matches);
    let at = 0;
    return text
      .split('\n')
      .map((line) => {
        const [from, to] = [at, at + line.length];
        at = to + 1;
        const own = matches
          .filter(({ start }) => start >= from && start <= to)
          .map(({ start, end, name }) => ({ start: start - from, end: Math.min(end, to) - from, name }));
        return skipToken(line, () => scrubLine(line, own));
      })
      .join('\n');
  }

  function skipToken(line: string, scrub: () => string): string {
    if (!withinToken) return scrub();
    const ends = line.search(BREAK);
    if (ends < 0) return '';
    withinToken = false;
    return scrubLine(line.slice(ends), []);
  }

  /** A piece of a line that is too long: returns what is done of it and how much that is. */
  function scrubPiece(piece: Buffer): { text: string; taken: number } {
    const { matches, begun } = known(piece);
    const text = piece.toString('latin1');
    const found = [...matches, ...findPatterns(text)];
    let cut = lastBreak(text) ?? piece.length;
    cut = Math.min(cut, piece.length - begun);
    for (let moved = true; moved; ) {
      const over = found.find(({ start, end }) => start < cut && end > cut);
      const touching = over ?? (cut === piece.length ? found.find(({ end }) => end === cut) : undefined);
      moved = touching !== undefined && touching.start > 0;
      if (touching !== undefined && touching.start > 0) cut = touching.start;
      else if (touching !== undefined) {
        withinToken = true;
        count(touching.name);
        return { text: `[REDACTED:${touching.name}]`, taken: piece.length };
      }
    }
    if (cut <= 0) cut = piece.length;
    const taken = piece.subarray(0, cut);
    return { text: scrubUnit(taken), taken: cut };
  }

  function take(ended: boolean): string {
    let text = '';
    for (;;) {
      const newline = held.indexOf(NEWLINE, searched);
      const lineStart = held.lastIndexOf(NEWLINE, Math.max(0, searched - 1)) + 1;
      const tooLong = (newline < 0 ? held.length : newline) - (searched === 0 ? 0 : lineStart) > LONGEST_LINE;
      if (tooLong) {
        const { text: piece, taken } = withinToken
          ? { text: scrubUnit(held.subarray(0, LONGEST_LINE)), taken: LONGEST_LINE }
          : scrubPiece(held.subarray(0, LONGEST_LINE));
        text += piece;
        held = held.subarray(taken);
        searched = 0;
      } else if (newline < 0) {
        break;
      } else {
        searched = newline + 1;
        if (known(held.subarray(0, searched)).begun > 0) continue;
        text += scrubUnit(held.subarray(0, searched));
        held = held.subarray(searched);
        searched = 0;
      }
    }
    if (!ended) return text;
    text += scrubUnit(held);
    held = Buffer.alloc(0);
    return text;
  }

  return {
    write(chunk) {
      held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk]);
      return Buffer.from(take(false), 'latin1');
    },
    end: () => Buffer.from(take(true), 'latin1'),
    counts,
  };
}

function lastBreak(text: string): number | null {
  for (let at = text.length - 1; at >= text.length - LOOK_BACK; at -= 1) {
    if (BREAK.test(text[at] ?? '')) return at + 1;
  }
  return null;
}

/** Moves the borders of a match off the middle of UTF-8 characters (RFC 3629: 10xxxxxx continues one). */
function onCharacterBorders(text: string, match: Match): Match {
  const continues = (at: number): boolean => (text.charCodeAt(at) & 0xc0) === 0x80;
  let { start, end } = match;
  while (start > 0 && continues(start)) start -= 1;
  while (end < text.length && continues(end)) end += 1;
  return { start, end, name: match.name };
}
