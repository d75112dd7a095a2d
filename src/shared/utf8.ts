import { transcode } from 'node:buffer';

/** From this length on the way through UTF-16 is shorter, in UTF-16 units. */
const LONG = 8_192;
/** So many units are transcoded at once: their room stays in the processor's cache, and is no fresh memory each time. */
const PIECE = 16_384;
const wide = Buffer.allocUnsafeSlow(2 * PIECE);

/**
 * The bytes of texts, one behind the other: what `Buffer.from` makes of them, a lone surrogate included. A long text of
 * which one character is not latin1 is encoded by V8 unit by unit; simdutf, which transcodes, takes a sixth of the time.
 */
export function utf8Bytes(...texts: readonly string[]): Buffer {
  const text = texts.join('');
  if (text.length < LONG) return Buffer.from(text);
  const pieces: Buffer[] = [];
  try {
    for (let from = 0; from < text.length; ) {
      const to = endOfPiece(text, from, PIECE);
      const length = wide.write(text.slice(from, to), 'utf16le');
      pieces.push(transcode(wide.subarray(0, length), 'utf16le', 'utf8'));
      from = to;
    }
  } catch (error) {
    if (!isLoneSurrogate(error)) throw error;
    return Buffer.from(text);
  }
  return Buffer.concat(pieces);
}

/** Where a piece of a text ends that has at most so many UTF-16 units, at least 2: a pair of surrogates stays in one. */
export function endOfPiece(text: string, from: number, most: number): number {
  const to = from + most;
  if (to >= text.length) return text.length;
  return isHighSurrogate(text.charCodeAt(to - 1)) ? to - 1 : to;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLoneSurrogate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'U_INVALID_CHAR_FOUND';
}
