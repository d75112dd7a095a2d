import type { Match } from './match.ts';

const NAME = 'private-key';
/** Where this does not occur, no key begins or ends. In lower case, as all keywords. */
export const PRIVATE_KEY_KEYWORD = 'private key';
const MARKER = /-----(BEGIN|END) (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
/** Base64 at the end of a line, as it is or with escaped line ends, a quote or a comma behind it. */
const ENDS_AS_KEY = /[A-Za-z0-9+/=\\]{16}["',]{0,2}$/;
const LONGEST_END = 18;

/** Follows private key blocks over the lines of a stream, since a pattern cannot see where one ends. */
export interface PrivateKeys {
  /** Whether a block was begun that has not ended. */
  isInside(): boolean;
  /**
   * The masked parts of the next line (without its end), or of the next window of a long one.
   * @param accepted markers that begin at or after this place are left to the next window
   * @param beginsLine whether this is a line or the first window of one
   */
  window(text: string, accepted: number, beginsLine: boolean): Match[];
}

export function followPrivateKeys(): PrivateKeys {
  let inside = false;
  return {
    isInside: () => inside,
    window(text, accepted, beginsLine) {
      // Most lines of a block hold no marker, and making sure of that costs less than looking for one.
      const found = text.includes('PRIVATE KEY') ? [...text.matchAll(MARKER)] : [];
      const markers = found.filter(({ index }) => index < accepted);
      if (inside && beginsLine && !markers.some(([, kind]) => kind === 'END')) inside = couldBeKey(text);
      const blocks: Match[] = [];
      let start = inside ? 0 : null;
      for (const { 0: marker, 1: kind, index } of markers) {
        if (kind === 'BEGIN') start ??= index;
        else if (start !== null) {
          blocks.push({ start, end: index + marker.length, name: NAME });
          start = null;
        }
      }
      inside = start !== null;
      if (start !== null && start < accepted) blocks.push({ start, end: accepted, name: NAME });
      return blocks;
    },
  };
}

/**
 * Whether the line may stand in a block between BEGIN and END: base64, armour headers, escaped line ends, prefixes of
 * logs. In steps, since one expression for all of it takes time that grows faster than the line.
 */
function couldBeKey(line: string): boolean {
  const text = line.trimEnd();
  return (
    /^[\w-]+: /.test(text) || /^[A-Za-z0-9+/=]*$/.test(text) || ENDS_AS_KEY.test(text.slice(-LONGEST_END))
  );
}
