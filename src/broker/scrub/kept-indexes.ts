import { createHash } from 'node:crypto';
import type { KnownValues } from './known-values.ts';
import { indexSecrets } from './scrubber.ts';

/** Most indexes that are kept at a time, in the hundreds of KB each at the most usual; others are built for one launch. */
const MOST_KEPT = 16;

/** A secret as the monitor sends it, its value in base64. */
interface EncodedSecret {
  readonly name: string;
  readonly value: string;
}

/** Indexes of known values, shared by launches that were given the same secrets. */
export interface KeptIndexes {
  /**
   * @returns the index, and how to say that this launch needs it no more: with the last one it is forgotten
   * @throws Error where a value is too short to be told from ordinary text
   */
  borrow(secrets: readonly EncodedSecret[]): { readonly known: KnownValues; giveBack(): void };
  /** How many are kept. */
  readonly count: number;
}

export function keepIndexes(): KeptIndexes {
  const kept = new Map<string, { readonly known: KnownValues; borrowers: number }>();
  return {
    borrow(secrets) {
      const key = digestOf(secrets);
      const entry = kept.get(key) ?? { known: indexSecrets(secrets.map(decode)), borrowers: 0 };
      if (entry.borrowers > 0 || kept.size < MOST_KEPT) kept.set(key, entry);
      entry.borrowers += 1;
      let given = false;
      return {
        known: entry.known,
        giveBack() {
          if (given) return;
          given = true;
          entry.borrowers -= 1;
          if (entry.borrowers === 0 && kept.get(key) === entry) kept.delete(key);
        },
      };
    },
    get count() {
      return kept.size;
    },
  };
}

/** Not the secrets themselves: the index holds them once. */
function digestOf(secrets: readonly EncodedSecret[]): string {
  const pairs = JSON.stringify(secrets.map(({ name, value }) => [name, value]));
  return createHash('sha256').update(pairs).digest('base64');
}

function decode({ name, value }: EncodedSecret): { name: string; value: Uint8Array } {
  return { name, value: Buffer.from(value, 'base64') };
}
