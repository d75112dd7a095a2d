import { type Part, parsePattern } from './parse-pattern.ts';
import { lengthOf } from './pattern-shape.ts';

/** A sign without which a pattern does not match: a blank, a quote, what assigns; never a letter or a digit. */
export interface NeededSign {
  /** The codes of which one is needed. */
  readonly codes: ReadonlySet<number>;
  /** It stands at most so far behind the beginning of the match. */
  readonly within: number;
}

/** How often a sign stands where it means nothing, beside others: blanks part all words, and hyphens some. */
const COSTS: ReadonlyMap<number, number> = new Map([
  [0x09, 4],
  [0x20, 4],
  [0x2d, 2],
]);
const isLetterOrDigit = (code: number): boolean => /\w/.test(String.fromCharCode(code)) || code > 0x7f;

/**
 * The rarest sign that each match of a pattern has. To look for it is far cheaper than to try the pattern; a word that
 * is repeated without end has none.
 * @param behind so many characters: what may stand nearer, as a keyword does, tells nothing
 */
export function neededSign(source: string, behind: number): NeededSign | null {
  return rarestOf(parsePattern(source), behind);
}

function rarestOf(parts: readonly Part[], behind: number): NeededSign | null {
  let rarest: NeededSign | null = null;
  let before = 0;
  for (const part of parts) {
    const sign = signOf(part, behind - before);
    if (sign !== null && (rarest === null || costOf(sign) < costOf(rarest)))
      rarest = { codes: sign.codes, within: before + sign.within };
    before += lengthOf([part]);
  }
  return rarest;
}

function signOf(part: Part, behind: number): NeededSign | null {
  switch (part.kind) {
    case 'characters':
      return behind > 0 || part.codes.some(isLetterOrDigit)
        ? null
        : { codes: new Set(part.codes), within: 0 };
    case 'choice': {
      const signs = part.choices.map((choice) => rarestOf(choice, behind));
      const all = signs.filter((sign) => sign !== null);
      if (all.length < signs.length) return null;
      const codes = new Set(all.flatMap((sign) => [...sign.codes]));
      return { codes, within: Math.max(...all.map(({ within }) => within)) };
    }
    case 'repeat':
      return part.least === 0 ? null : rarestOf(part.parts, behind);
    case 'look':
      return part.direction === 'ahead' && !part.negated ? rarestOf(part.parts, behind) : null;
  }
}

function costOf({ codes }: NeededSign): number {
  return [...codes].reduce((cost, code) => cost + (COSTS.get(code) ?? 1), 0);
}
