import { isUtf8 } from 'node:buffer';

/** How bytes travel in JSON: as text, or `{"base64": …}` where they are not UTF-8. */
export type TextOrBytes = string | { readonly base64: string };

/** Cuts a stream of bytes so that no character of UTF-8 lies over two pieces; the pieces together are the same bytes. */
export interface WholeCharacters {
  /** Takes the next bytes, which must not change later, and returns as many as end with a character. */
  push(bytes: Uint8Array): Buffer;
  /** The rest: the beginning of a character that did not come. */
  end(): Buffer;
}

/** Of UTF-8, in bytes. */
export const LONGEST_CHARACTER = 4;

export function wholeCharacters(): WholeCharacters {
  let begun: Buffer = Buffer.alloc(0);
  return {
    push(bytes) {
      const given = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const all = begun.length === 0 ? given : Buffer.concat([begun, given]);
      const end = all.length - begunBytes(all);
      begun = all.subarray(end);
      return all.subarray(0, end);
    },
    end() {
      const rest = begun;
      begun = Buffer.alloc(0);
      return rest;
    },
  };
}

/** How many of the last bytes begin a character of UTF-8 (RFC 3629, section 3) that goes on behind them. */
function begunBytes(bytes: Uint8Array): number {
  for (let back = 1; back < LONGEST_CHARACTER && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    return lengthBy(byte) > back ? back : 0;
  }
  return 0;
}

/** Of a character, by its first byte. */
function lengthBy(first: number): number {
  if (first >= 0b1111_0000) return 4;
  if (first >= 0b1110_0000) return 3;
  return first >= 0b1100_0000 ? 2 : 1;
}

export function textOrBytes(bytes: Buffer): TextOrBytes {
  return isUtf8(bytes) ? bytes.toString('utf8') : { base64: bytes.toString('base64') };
}
