import { createSecretFinder } from './find-secrets.ts';
import { holdBytes } from './held-bytes.ts';
import type { KnownValues } from './known-values.ts';
import { markOf } from './mask.ts';

export type ScrubCounts = ReadonlyMap<string, number>;

export interface ScrubStream {
  /** Takes the next bytes; returns what is safe to pass on. */
  write(chunk: Uint8Array): Uint8Array;
  /** Returns the rest. */
  end(): Uint8Array;
  readonly counts: ScrubCounts;
  /** Bytes of the input that were passed on or replaced so far; the rest is held. */
  readonly passed: number;
}

/**
 * Scrubs a stream of bytes. It holds back what may still turn out to belong to a secret: an unfinished line (of a long
 * one a window), and as many bytes as the longest part of a known value has. Bytes are taken as latin1, so that what is
 * not UTF-8 passes unharmed.
 */
export function createScrubStream(known: KnownValues): ScrubStream {
  const counts = new Map<string, number>();
  const finder = createSecretFinder(known);
  const held = holdBytes();
  /** Up to here the stream was passed on, or replaced by marks. */
  let passed = 0;

  function take(ended: boolean): Buffer {
    const [bytes, offset] = [held.bytes(), held.offset()];
    const { ranges, upTo, openFrom } = finder.look(bytes, offset, ended);
    const pieces: Buffer[] = [];
    for (const { start, end, name } of ranges) {
      pieces.push(bytes.subarray(passed - offset, start - offset), Buffer.from(markOf(name)));
      counts.set(name, (counts.get(name) ?? 0) + 1);
      passed = end;
    }
    const passable = openFrom ?? upTo;
    if (passable > passed) {
      pieces.push(bytes.subarray(passed - offset, passable - offset));
      passed = passable;
    }
    const safe = Buffer.concat(pieces);
    held.drop(upTo);
    return safe;
  }

  return {
    write(chunk) {
      held.append(chunk);
      return take(false);
    },
    end: () => take(true),
    counts,
    get passed() {
      return passed;
    },
  };
}
