import { NO_HASH } from '../record.ts';
import { isGenuine, parseSeal, type Seal } from './seal.ts';
import { fingerprintOf, type VerificationKey } from './verification-key.ts';

/** What can be wrong with a seal. */
export type SealFault = 'edited' | 'missing' | 'reordered' | 'resealed';

/** The first place where the seals are not a chain. */
export interface SealProblem {
  readonly what: SealFault;
  /** The epoch whose seal should stand here. */
  readonly epoch: number;
  /** Line number in the file of seals, from 1. */
  readonly line: number;
  readonly detail: string;
}

/** Follows the chain of seals, one by one. */
export interface SealChain {
  /** The last seal that was made with the key which the seal before it named. */
  readonly last: Seal | null;
  readonly first: Seal | null;
  readonly problem: SealProblem | null;
  /** Takes the next line, without its newline; the seal, or null where it is a `problem`. */
  take(line: Buffer): Seal | null;
}

/**
 * Begins before the first seal. Each seal must be signed with the key that the seal before it named, so that no key of
 * a later epoch makes a seal of an earlier one, and no epoch may be missing (CVE-2023-31437, CVE-2023-31438,
 * CVE-2023-31439: what journald's sealing fell to).
 *
 * @param keys that were kept elsewhere: the seal of such an epoch must have exactly that key
 */
export function followSeals(keys: readonly VerificationKey[] = []): SealChain {
  const trusted = new Map(keys.map(({ epoch, key }) => [epoch, key]));
  let last: Seal | null = null;
  let first: Seal | null = null;
  let lines = 0;
  let problem: SealProblem | null = null;

  function take(line: Buffer): Seal | null {
    if (problem !== null) return null;
    lines += 1;
    const seal = parseSeal(line);
    const fault = seal === null ? NOT_A_SEAL : (judge(seal, line, last) ?? judgeKey(seal, trusted));
    if (fault === null) {
      last = seal;
      first ??= seal;
      return seal;
    }
    problem = { ...fault, epoch: (last?.epoch ?? 0) + 1, line: lines };
    return null;
  }

  return {
    get last() {
      return last;
    },
    get first() {
      return first;
    },
    get problem() {
      return problem;
    },
    take,
  };
}

type Judgement = Pick<SealProblem, 'what' | 'detail'>;
const NOT_A_SEAL: Judgement = { what: 'edited', detail: 'the line is not in the form of a seal' };

function judge(seal: Seal, line: Buffer, last: Seal | null): Judgement | null {
  if (!isGenuine(seal, line)) {
    return { what: 'edited', detail: 'its signature is not that of its key over its line' };
  }
  const expected = (last?.epoch ?? 0) + 1;
  if (seal.epoch > expected) {
    return { what: 'missing', detail: `the seal of epoch ${seal.epoch} stands in its place` };
  }
  if (seal.epoch < expected) {
    return { what: 'reordered', detail: `the seal of epoch ${seal.epoch} stands here once more` };
  }
  if (last !== null && !seal.key.equals(last.next)) {
    return {
      what: 'resealed',
      detail: 'it was made with another key than the one that the seal before named',
    };
  }
  if (seal.prev !== (last?.lineHash ?? NO_HASH)) {
    return { what: 'resealed', detail: 'it was made behind another seal than the one that stands before it' };
  }
  if (last !== null && seal.seq <= last.seq) {
    return {
      what: 'resealed',
      detail: `it seals record ${seal.seq}, and the seal before sealed ${last.seq}`,
    };
  }
  return null;
}

function judgeKey(seal: Seal, trusted: ReadonlyMap<number, Buffer>): Judgement | null {
  const key = trusted.get(seal.epoch);
  if (key === undefined || key.equals(seal.key)) return null;
  return {
    what: 'resealed',
    detail: `its key is ${fingerprintOf(seal.key)}, and the one that was kept is ${fingerprintOf(key)}: it is another log, or one that was made anew`,
  };
}
