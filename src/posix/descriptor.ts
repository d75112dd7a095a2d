import { closeSync } from 'node:fs';

/** A raw descriptor with one owner. */
export interface Descriptor {
  /** Throws once it is closed or given away: the number may be somebody else's by then. */
  readonly number: number;
  readonly isOpen: boolean;
  /** Closes it; a second call does nothing. */
  close(): void;
  /** Gives the number away: `close` does nothing from here on. */
  release(): number;
}

export function ownDescriptor(number: number): Descriptor {
  let owned = true;
  return {
    get number() {
      if (!owned) throw new Error('Cannot use a descriptor: it is closed');
      return number;
    },
    get isOpen() {
      return owned;
    },
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
