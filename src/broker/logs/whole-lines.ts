import { LONGEST_LINE, wholeParts } from './lines.ts';

const NEWLINE = 0x0a;

/** Holds back what is no whole line yet, so that the lines of several launches do not run into each other. */
export interface WholeLines {
  push(bytes: Uint8Array): void;
  /** Passes on what is left, as a line. */
  end(): void;
}

/** @param pass gets whole lines with their ends; of a line that is too long to be held, parts of it */
export function wholeLines(pass: (bytes: Uint8Array) => void): WholeLines {
  let held: Uint8Array = new Uint8Array(0);

  return {
    push(bytes) {
      if (bytes.length === 0) return;
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const newline = all.lastIndexOf(NEWLINE);
      const rest = all.subarray(newline + 1);
      const whole = newline + 1 + (rest.length > LONGEST_LINE ? wholeParts(rest) : 0);
      if (whole > 0) pass(all.subarray(0, whole));
      // A copy: the bytes belong to whoever gave them.
      held = Uint8Array.from(all.subarray(whole));
    },
    end() {
      if (held.length > 0) pass(Buffer.concat([held, Uint8Array.of(NEWLINE)]));
      held = new Uint8Array(0);
    },
  };
}
