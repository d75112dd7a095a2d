import { couldBeKey } from './key-material.ts';
import type { Match } from './match.ts';

/** Stands in the mark. */
export const PRIVATE_KEY_NAME = 'private-key';
/** Where none of these occurs, no key begins. In lower case, as all keywords. */
export const PRIVATE_KEY_KEYWORDS = ['private key', 'private%20key', 'private+key', 'private-lines:'];
/** What tools that colour what they found put around it (ECMA-48, SGR and EL). */
const COLOUR = '(?:\\x1b\\[[\\d;]{0,12}[mK]){0,3}';
const SPACE = '(?: |%20|\\+)';
/**
 * Of PEM (RFC 7468), OpenPGP (RFC 9580, 6.2), SSH2 (RFC 4716) with its four dashes, and PuTTY, whose private part stands
 * between two lines with names.
 */
const MARKER = new RegExp(
  `-{4,5} ?(BEGIN|END)${SPACE}${COLOUR}([A-Z0-9]{1,20}(?:${SPACE}${COLOUR}[A-Z0-9]{1,20}){0,5})${COLOUR} ?-{4,5}` +
    '|(Private-Lines: {0,4}\\d{1,5})|(Private-(?:MAC|Hash): {0,4}[0-9a-f]{0,64})',
  'g',
);
const IS_PRIVATE = /PRIVATE.{1,45}KEY/;
/** A line is judged by so much of its beginning, so that a long one need not be there as a whole. */
const JUDGED = 4_096;

/** Follows private key blocks over the lines of a stream, since a pattern cannot see where one ends. */
export interface PrivateKeys {
  /** Whether a block was begun that has not ended. */
  isInside(): boolean;
  /**
   * The masked parts of the next line (without its end), or of the next part of a long one.
   * @param accepted markers that begin at or after this place are left to the next part
   * @param beginsLine whether this is a line or the first part of one
   */
  window(text: string, accepted: number, beginsLine: boolean): Match[];
}

interface Marker {
  readonly kind: 'begin' | 'end' | 'other';
  readonly at: number;
  readonly end: number;
}

export function followPrivateKeys(): PrivateKeys {
  let inside = false;
  /** What stands before the marker in the line that begins the block: a log's prefix, which the other lines have too. */
  let prefix = '';
  /** Headers stand before the key alone (RFC 1421, RFC 4716, RFC 9580). */
  let headers = false;

  function judge(text: string, markers: readonly Marker[]): boolean {
    const [first] = markers;
    if (first?.kind === 'end') return true;
    const line = text.slice(0, first === undefined ? JUDGED : Math.min(JUDGED, first.at));
    const verdict = couldBeKey(line, prefix, headers);
    if (verdict === 'body') headers = false;
    return verdict !== 'no';
  }

  return {
    isInside: () => inside,
    window(text, accepted, beginsLine) {
      const markers = markersOf(text).filter(({ at }) => at < accepted);
      if (inside && beginsLine) inside = judge(text, markers);
      const blocks: Match[] = [];
      let start = inside ? 0 : null;
      for (const { kind, at, end } of markers) {
        if (kind === 'begin' && start === null) {
          start = at;
          prefix = beginsLine ? text.slice(0, at) : '';
          headers = true;
        } else if (kind !== 'begin' && start !== null) {
          const blockEnd = kind === 'end' ? end : at;
          if (blockEnd > start) blocks.push({ start, end: blockEnd, name: PRIVATE_KEY_NAME });
          start = null;
        }
      }
      inside = start !== null;
      if (start !== null && start < accepted) blocks.push({ start, end: accepted, name: PRIVATE_KEY_NAME });
      return blocks;
    },
  };
}

function markersOf(text: string): Marker[] {
  // Most lines of a block hold no marker, and making sure of that costs less than looking for one.
  if (!text.includes('----') && !text.includes('Private-')) return [];
  const markers: Marker[] = [];
  MARKER.lastIndex = 0;
  for (let found = MARKER.exec(text); found !== null; found = MARKER.exec(text)) {
    const [{ length }, kind, label, lines, mac] = found;
    const begins = lines !== undefined || (kind === 'BEGIN' && IS_PRIVATE.test(label ?? ''));
    const ends = kind === 'END' || mac !== undefined;
    markers.push({
      kind: ends ? 'end' : begins ? 'begin' : 'other',
      at: found.index,
      end: found.index + length,
    });
  }
  return markers;
}
