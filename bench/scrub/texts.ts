import { LOG_CORPUS, textsWithoutSecrets } from '../../test/support/corpora.ts';

const CHUNK_BYTES = 65_536;
const KNOWN_VALUES = 20;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!$%&/()=+-_.,;:\'"';

/** A generator of numbers from 0 up to 1 that gives the same ones each time (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Twenty values of 12 to 64 characters, some of which every encoding changes. */
export function knownValues(): readonly string[] {
  const next = numbers(20);
  return Array.from({ length: KNOWN_VALUES }, () =>
    Array.from(
      { length: 12 + Math.floor(next() * 53) },
      () => ALPHABET[Math.floor(next() * ALPHABET.length)],
    ).join(''),
  );
}

/** Lines of real CI jobs, again and again. */
export function logText(bytes: number): Buffer {
  return repeated(`${textsWithoutSecrets(LOG_CORPUS).join('\n')}\n`, bytes);
}

export function repeated(text: string, bytes: number): Buffer {
  return Buffer.alloc(bytes, text);
}

export function chunksOf(bytes: Buffer): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, at) =>
    bytes.subarray(at * CHUNK_BYTES, (at + 1) * CHUNK_BYTES),
  );
}
