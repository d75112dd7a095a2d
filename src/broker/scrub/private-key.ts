import type { Match } from './automaton.ts';

const NAME = 'private-key';
const BEGIN = /-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
const END = /-----END (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----/;
/** What may stand in a block between BEGIN and END: base64, armour headers, escaped line ends, prefixes of logs. */
const COULD_BE_KEY = /^(?:[\w-]+: .*|.*?[A-Za-z0-9+/=\\]{16,}(?:\\[rn])*["',]?|[A-Za-z0-9+/=]*)\s*$/;

/** Follows private key blocks over the lines of a stream, since a pattern cannot see where one ends. */
export interface PrivateKeyLines {
  /** The masked part of the next line (without its end), if any. */
  line(text: string): Match | null;
}

export function followPrivateKeys(): PrivateKeyLines {
  let inside = false;
  return {
    line(text) {
      if (inside && !END.test(text) && !COULD_BE_KEY.test(text)) inside = false;
      const begin = BEGIN.exec(text);
      if (!inside && begin === null) return null;
      const start = inside ? 0 : (begin?.index ?? 0);
      const end = END.exec(text.slice(start));
      inside = end === null;
      return { start, end: end === null ? text.length : start + end.index + end[0].length, name: NAME };
    },
  };
}
