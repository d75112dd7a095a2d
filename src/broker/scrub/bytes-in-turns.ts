import type { ScrubStream } from './stream.ts';
import { TURN_BYTES, type Turns } from './turns.ts';

/**
 * Scrubs bytes that are there as a whole.
 * @param isCut whether more came and was dropped: then what may be the beginning of a secret is dropped too
 */
export function* scrubBytes(stream: ScrubStream, given: Uint8Array, isCut: boolean): Turns<Buffer> {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < given.length; from += TURN_BYTES) {
    pieces.push(stream.write(given.subarray(from, from + TURN_BYTES)));
    yield;
  }
  if (!isCut) pieces.push(stream.end());
  return Buffer.concat(pieces);
}
