import { type Part, parsePattern } from './parse-pattern.ts';
import { lengthOf } from './pattern-shape.ts';

/** A sign without which a pattern does not match: a blank, a quote, what assigns, a digit; never a letter. */
export interface NeededSign {
  /** The codes of which one is needed. */
  readonly codes: ReadonlySet<number>;
  /** It stands at most so far behind the beginning of the match. */
  readonly within: number;
}

/** More would cost more to look for than they spare. */
const MOST_SIGNS = 2;
/** How often a sign stands where it means nothing, beside others: blanks part all words, and hyphens some. */
const COSTS: ReadonlyMap<number, number> = new Map([
  [0x09, 4],
  [0x20, 4],
  [0x2d, 2],
]);
const isLetter = (code: number): boolean => /[A-Za-z_]/.test(String.fromCharCode(code)) || code > 0x7f;

/**
 * The rarest signs that each match of a pattern has, at most two. To look for them is far cheaper than to try the pattern;
 * a word that is repeated without end has none.
 * @param behind so many characters: what may stand nearer, as a keyword does, tells nothing
 */
export function neededSigns(source: string, behind: number): readonly NeededSign[] {
  const chosen: NeededSign[] = [];
  for (const sign of signsOf(parsePattern(source), behind)) {
    const isOther = ![...sign.codes].some((code) => chosen.some(({ codes }) => codes.has(code)));
    if (isOther && chosen.length < MOST_SIGNS) chosen.push(sign);
  }
  return chosen;
}

/** One of each part that has one, the rarest first. */
function signsOf(parts: readonly Part[], behind: number): NeededSign[] {
  const signs: NeededSign[] = [];
  let before = 0;
  for (const part of parts) {
    const sign = signOf(part, behind - before);
    if (sign !== null) signs.push({ codes: sign.codes, within: before + sign.within });
    before += lengthOf([part]);
  }
  return signs.toSorted((one, other) => costOf(one) - costOf(other));
}

function signOf(part: Part, behind: number): NeededSign | null {
  switch (part.kind) {
    case 'characters':
      return behind > 0 || part.codes.some(isLetter) ? null : { codes: new Set(part.codes), within: 0 };
    case 'choice': {
      const signs = part.choices.map((choice) => signsOf(choice, behind)[0]);
      const all = signs.filter((sign) => sign !== undefined);
      if (all.length < signs.length) return null;
      const codes = new Set(all.flatMap((sign) => [...sign.codes]));
      return { codes, within: Math.max(...all.map(({ within }) => within)) };
    }
    case 'repeat':
      return part.least === 0 ? null : (signsOf(part.parts, behind)[0] ?? null);
    case 'look':
      return part.direction === 'ahead' && !part.negated ? (signsOf(part.parts, behind)[0] ?? null) : null;
  }
}

function costOf({ codes }: NeededSign): number {
  return [...codes].reduce((cost, code) => cost + (COSTS.get(code) ?? 1), 0);
}
