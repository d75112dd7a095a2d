import { crc32, deflateRawSync } from 'node:zlib';
import { base64Core, SHORTEST_BASE64, withUrlSafe } from './base64.ts';

/** What stands before the compressed bytes, a time and a level in it, of gzip (RFC 1952, 2.3) and zlib (RFC 1950, 2.2). */
const GZIP_HEADER = 10;
const ZLIB_HEADER = 2;
const USUAL_LEVEL = 6;
const BEST_LEVEL = 9;
/** Up to this length, in bytes, both make the same of it. */
const SHORT = 64;
const LINE_FEED = Buffer.from('\n');
/** The largest prime below 2^16 (RFC 1950, 9). */
const ADLER_MODULUS = 65_521;

/** Compressed and then in base64, behind the header: alone, or with the line feed of `echo`. */
export function packedForms(bytes: Buffer): string[] {
  const levels = bytes.length <= SHORT ? [USUAL_LEVEL] : [USUAL_LEVEL, BEST_LEVEL];
  return [bytes, Buffer.concat([bytes, LINE_FEED])]
    .flatMap((content) => levels.flatMap((level) => packed(content, level)))
    .flatMap(withUrlSafe)
    .filter((text) => text.length >= SHORTEST_BASE64);
}

function packed(content: Buffer, level: number): string[] {
  const body = deflateRawSync(content, { level });
  const gzip = Buffer.alloc(8);
  gzip.writeUInt32LE(crc32(content));
  gzip.writeUInt32LE(content.length, 4);
  const zlib = Buffer.alloc(4);
  zlib.writeUInt32BE(adler32(content));
  return [
    base64Core(Buffer.concat([body, gzip]), GZIP_HEADER % 3),
    base64Core(Buffer.concat([body, zlib]), ZLIB_HEADER % 3),
  ];
}

/** RFC 1950, 8.2. */
function adler32(bytes: Uint8Array): number {
  let [low, high] = [1, 0];
  for (const byte of bytes) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  return high * 65_536 + low;
}
