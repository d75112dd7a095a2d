import type { NeededSign } from './needed-signs.ts';

const CODES = 256;

/** Tells whether signs stand where patterns need them. */
export interface SignFinder {
  /** What was found counts no more: another line begins, or more of this one is there. */
  begin(): void;
  /** Whether one of the signs stands from that place on, as near as it is needed. */
  isNear(sign: SignTable, text: string, from: number): boolean;
}

/** The signs that a pattern needs; patterns that need the same ones share a number. */
export interface SignTable {
  readonly number: number;
  /** 1 at each code of a sign. */
  readonly isSign: Uint8Array;
  readonly within: number;
}

/** Numbers what many patterns need. */
export function numberSigns(): (sign: NeededSign) => SignTable {
  const known = new Map<string, Omit<SignTable, 'within'>>();
  return ({ codes, within }) => {
    const key = [...codes].toSorted((one, other) => one - other).join();
    let table = known.get(key);
    if (table === undefined) {
      const isSign = new Uint8Array(CODES);
      for (const code of codes) isSign[code] = 1;
      table = { number: known.size, isSign };
      known.set(key, table);
    }
    return { ...table, within };
  };
}

/** Looks at each character of a line once for each kind of sign, however often that is asked for. */
export function createSignFinder(): SignFinder {
  /** For each number the place from which on was looked, and that before which no sign was found. */
  const lookedFrom: number[] = [];
  const stoppedAt: number[] = [];
  return {
    begin() {
      lookedFrom.length = 0;
      stoppedAt.length = 0;
    },
    isNear({ number, isSign, within }, text, from) {
      const last = Math.min(from + within, text.length - 1);
      const stopped = stoppedAt[number] ?? -1;
      const isKnown = from <= stopped && from >= (lookedFrom[number] ?? Infinity);
      let at = isKnown ? stopped : from;
      while (at <= last && isSign[text.charCodeAt(at)] !== 1) at += 1;
      if (!isKnown) lookedFrom[number] = from;
      stoppedAt[number] = at;
      return at <= last;
    },
  };
}
