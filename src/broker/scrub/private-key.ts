import type { Match } from './automaton.ts';

const NAME = 'private-key';
const BEGIN = /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
const END = /-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
/** Follows private key blocks over the lines of a stream, since a pattern cannot see where one ends. */
export interface PrivateKeyLines {
  /** The masked part of the next line (without its end), if any. */
  line(text: string): Match | null;
}

export function followPrivateKeys(): PrivateKeyLines {
  let inside = false;
  return {
    line(text) {
      if (text === '') return null;
      if (inside && !END.test(text) && !couldBeKey(text)) inside = false;
      const begin = BEGIN.exec(text);
      if (!inside && begin === null) return null;
      const start = inside ? 0 : (begin?.index ?? 0);
      const end = END.exec(text.slice(start));
      inside = end === null;
      return { start, end: end === null ? text.length : start + end.index + end[0].length, name: NAME };
    },
  };
}

/** Base64 at the end of a line, as it is or with escaped line ends, a quote or a comma behind it. */
const ENDS_AS_KEY = /[A-Za-z0-9+/=\\]{16}["',]{0,2}$/;
const LONGEST_END = 18;

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
