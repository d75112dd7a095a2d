import { closeSync } from 'node:fs';

/** A raw descriptor with one owner. */
export interface Descriptor {
  readonly number: number;
  /** Closes it; a second call does nothing, since the number may be somebody else's by then. */
  close(): void;
  /** Gives the number away: `close` does nothing from here on. */
  release(): number;
}

export function ownDescriptor(number: number): Descriptor {
  let owned = true;
  return {
    number,
    close() {
      if (!owned) return;
      owned = false;
      closeSync(number);
    },
    release() {
      owned = false;
      return number;
    },
  };
}
