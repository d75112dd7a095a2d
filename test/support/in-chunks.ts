import type { Scrubber } from '../../src/broker/scrub/scrubber.ts';

/** What a scrubber's stream makes of these chunks, byte for byte. */
export function inChunks(scrubber: Scrubber, chunks: readonly Uint8Array[]): string {
  const stream = scrubber.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.write(chunk)), stream.end()]).toString('latin1');
}

/** Two chunks, cut at each place, or at so many of them. */
export function twoWaySplits(bytes: Buffer, most: number = Number.POSITIVE_INFINITY): Buffer[][] {
  const step = Math.max(1, Math.ceil(bytes.length / most));
  return Array.from({ length: Math.floor(bytes.length / step) + 1 }, (_, at) => [
    bytes.subarray(0, at * step),
    bytes.subarray(at * step),
  ]);
}

export function byteByByte(bytes: Buffer): Uint8Array[] {
  return [...bytes].map((byte) => Uint8Array.of(byte));
}

export function lineByLine(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split(/(?<=\n)/)
    .map((line) => Buffer.from(line, 'latin1'));
}
