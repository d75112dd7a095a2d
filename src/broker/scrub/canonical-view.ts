import {
  type Decoded,
  decodeBackslashed,
  decodeEntity,
  decodePercent,
  endOfControl,
} from './decode-escape.ts';
import type { NeedleIndex } from './needle-index.ts';
import { GOLDEN } from './prefix-filter.ts';
import { BREAK, createView, type ViewReader } from './view.ts';

/** Between two bytes of a value tools put at most so much of what is dropped: a line break and its indentation. */
const MOST_BETWEEN = 64;
/** More than the longest escape: beyond the end of all bytes there is nothing that could complete one. */
const BEYOND = 64;

const ESCAPE = 0x1b;
const CARET = 0x5e;
const BRACKET = 0x5b;

const LINE_FEED = 0x0a;

const KEPT = 0;
const DROPPED = 1;
const PERCENT = 2;
const ENTITY = 3;
const BACKSLASH = 4;
const CONTROL = 5;
const CARETED = 6;
const LINE_END = 7;

const PREFIX_BYTES = 4;
/** After so many bytes behind the first 4 most of what began as a needle does has turned out to be none. */
const FIRST_CHECK = 4;

/** Tools add, remove or replace these; `+` stands for a space in forms of the web, `$` begins `$'…'` and ends lines. */
const DROPPED_CHARACTERS = ' "\'`$+';

const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  if (byte === LINE_FEED) return LINE_END;
  if (byte < 0x20 || byte > 0x7e) return byte === ESCAPE ? CONTROL : DROPPED;
  if (character === '%') return PERCENT;
  if (character === '&') return ENTITY;
  if (character === '\\') return BACKSLASH;
  if (byte === CARET) return CARETED;
  return DROPPED_CHARACTERS.includes(character) ? DROPPED : KEPT;
});

/** What the canonical view is read for: only around what may begin a needle is it kept. */
export type Beginnings = Pick<NeedleIndex, 'begins' | 'filter' | 'mayContinue'>;

const ALWAYS: Beginnings = {
  begins: () => true,
  filter: { bits: Int32Array.of(-1), shift: 31 },
  mayContinue: () => true,
};

/**
 * Reads what the bytes say whatever tool printed them: escapes of shells, JSON, URLs and XML are decoded, also over one
 * another; quotes, backslashes, colours, white space and all that is not ASCII are dropped. It adds to the view what
 * begins as a needle does, with its first 4 bytes on one line, and what follows as long as a needle may go on.
 */
export function readCanonically(needles: Beginnings): ViewReader {
  let next = 0;
  let isEscaped = false;
  /** The last 4 bytes that were kept, as one number; 0 stands for each that was none. */
  let last = 0;
  /** Where they stand, the last one at the end. */
  let start0 = 0;
  let start1 = 0;
  let start2 = 0;
  let start3 = 0;
  let lastEnd = 0;
  /** So many bytes are added before it is made sure that a needle may go on; 0: none is being read. */
  let unchecked = 0;
  /** How many bytes were added since the view was last broken off. */
  let added = 0;

  function remember(start: number): void {
    start0 = start1;
    start1 = start2;
    start2 = start3;
    start3 = start;
  }

  return {
    goesOn: () => unchecked > 0,
    read(bytes, offset, ended, view) {
      const to = ended ? bytes.length + BEYOND : bytes.length;

      function keep(code: number, start: number, end: number): void {
        if (code < 0 || code > 0x7e || isDropped(code)) return;
        breakOff(start);
        last = (last << 8) | code;
        remember(start + offset);
        lastEnd = end + offset;
        if (unchecked > 0) {
          view.add(code, start3, lastEnd);
          added += 1;
          unchecked -= 1;
          if (unchecked === 0) check();
        } else if (needles.begins(last)) {
          begin();
        }
      }
      function begin(): void {
        view.add(BREAK, start0, start0);
        for (const [drop, start] of [
          [24, start0],
          [16, start1],
          [8, start2],
        ] as const)
          view.add((last >>> drop) & 0xff, start, start + 1);
        view.add(last & 0xff, start3, lastEnd);
        added = PREFIX_BYTES;
        unchecked = FIRST_CHECK;
      }
      /** A needle may still go on from one of the ends of what was added, and it may be the one of the last 4 bytes. */
      function check(): void {
        const seen = view.bytes();
        if (needles.mayContinue(seen.subarray(Math.max(0, seen.length - added)), PREFIX_BYTES))
          unchecked = Math.max(FIRST_CHECK, added >> 2);
      }
      function breakOff(start: number): void {
        if (start + offset - lastEnd <= MOST_BETWEEN) return;
        last = 0;
        if (unchecked > 0) view.add(BREAK, lastEnd, lastEnd);
        unchecked = 0;
      }
      /** The place behind what stands here, or null where that is not complete. */
      function step(at: number): number | null {
        const byte = bytes[at] ?? 0;
        if (isEscaped) {
          const decoded = decodeBackslashed(bytes, at, to);
          if (decoded === null) return null;
          if (decoded.end > at) return take(decoded, at - 1);
        }
        switch (KINDS[byte]) {
          case PERCENT:
            return takeOrNone(decodePercent(bytes, at, to), at);
          case ENTITY:
            return takeOrNone(decodeEntity(bytes, at, to), at);
          case CONTROL:
            return endOfControl(bytes, at + 1, to);
          case CARETED:
            if (at + 2 >= to && (at + 1 >= to || bytes[at + 1] === BRACKET)) return null;
            if (bytes[at + 1] === BRACKET && bytes[at + 2] === BRACKET)
              return endOfControl(bytes, at + 2, to);
            keep(byte, at, at + 1);
            return at + 1;
          case KEPT:
            keep(byte, at, at + 1);
            return at + 1;
          case LINE_END:
            last = 0;
            return at + 1;
          default:
            return at + 1;
        }
      }
      function takeOrNone(decoded: Decoded | null, at: number): number | null {
        return decoded === null ? null : take(decoded, at);
      }
      function take({ code, end }: Decoded, start: number): number | null {
        if (code === ESCAPE) return endOfControl(bytes, end, to);
        keep(code, start, end);
        return end;
      }

      let at = next - offset;
      while (at < bytes.length) {
        if (unchecked === 0 && !isEscaped) {
          const from = at;
          at = skip(bytes, from, last, needles);
          catchUp(from, at);
          if (at === bytes.length) break;
        }
        const behind = step(at);
        if (behind === null) break;
        isEscaped = behind === at + 1 && KINDS[bytes[at] ?? 0] === BACKSLASH;
        at = behind;
      }
      next = at + offset;
      const needed = isEscaped ? at - 1 : at;
      breakOff(needed);
      return Math.min(needed + offset, firstStart());

      /** Takes in the last of what was skipped, up to the end of a line before it or to a gap. */
      function catchUp(from: number, to: number): void {
        let first = to;
        let count = 0;
        while (first > from && count < PREFIX_BYTES) {
          const kind = KINDS[bytes[first - 1] ?? 0];
          if (kind === LINE_END) break;
          if (kind === KEPT) count += 1;
          first -= 1;
        }
        if (first > from) last = 0;
        for (let place = first; place < to; place += 1) {
          if (KINDS[bytes[place] ?? 0] !== KEPT) continue;
          breakOff(place);
          last = (last << 8) | (bytes[place] ?? 0);
          remember(place + offset);
          lastEnd = place + offset + 1;
        }
      }
      /** Where the first of the last bytes stands with which, and with what follows, a needle may begin. */
      function firstStart(): number {
        if ((last & 0xff0000) !== 0) return start1;
        if ((last & 0xff00) !== 0) return start2;
        return (last & 0xff) === 0 ? Number.POSITIVE_INFINITY : start3;
      }
    },
  };
}

/** The place of the next byte that is not simply kept or dropped, or with the last 3 begins a needle. */
function skip(bytes: Uint8Array, from: number, last: number, needles: Beginnings): number {
  const { bits, shift } = needles.filter;
  const { length } = bytes;
  let prefix = last;
  for (let at = from; at < length; at += 1) {
    const byte = bytes[at] ?? 0;
    const kind = KINDS[byte];
    if (kind !== KEPT) {
      if (kind === DROPPED) continue;
      if (kind !== LINE_END) return at;
      prefix = 0;
      continue;
    }
    prefix = (prefix << 8) | byte;
    const hash = Math.imul(prefix, GOLDEN) >>> shift;
    if ((((bits[hash >>> 5] ?? 0) >>> (hash & 31)) & 1) === 1 && needles.begins(prefix)) return at;
  }
  return length;
}

function isDropped(code: number): boolean {
  const kind = KINDS[code];
  return kind !== KEPT && kind !== CARETED;
}

/** The view of bytes that are there as a whole, all of it. */
export function canonicalBytes(bytes: Uint8Array): Uint8Array {
  const view = createView();
  readCanonically(ALWAYS).read(bytes, 0, true, view);
  return view.bytes().filter((byte) => byte !== BREAK);
}

/** What is left of a text in which nothing is to be decoded. */
export function keptText(text: string): string {
  return text.replaceAll(/[^!#()*,-[\]-_a-~]/g, '');
}

/** What is left where nothing is decoded, only dropped. */
export function keptBytes(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => !isDropped(byte));
}
