import { BREAK, type ViewReader } from './view.ts';

/** A longer line is no dump: those of xxd, hexdump and od have at most 16 bytes, in columns, in characters. */
const LONGEST_LINE = 160;
/** Fewest digits of the place with which a line of a dump begins. */
const SHORTEST_PLACE = 7;
const NEWLINE = 0x0a;

const LINE = /^([0-9a-f]{7,16})(?:(: )|( {1,2})(?=[0-9a-f]{2,4}(?: |$))|(?= ))(.{1,140}?)\r?$/i;
/** What `od -c` prints for a byte, in four characters. */
const CHARACTERS = /^(?: {3}[!-~]| {2}\\[0abfnrtv]| [0-7]{3}| {4})+$/;
const BYTES = /^(?:[0-9a-f]{2}(?: {1,2}|$)){1,32} *$/i;
/** Two bytes each, the second one first, as `hexdump` and `od -x` print them on a little-endian machine. */
const WORDS = /^(?:[0-9a-f]{4}(?: {1,4}|$)){1,16} *$/i;
const ESCAPED: Readonly<Record<string, number>> = { 0: 0, a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

/**
 * Reads the bytes that `xxd`, `hexdump` and `od` show: one value goes over several lines there, at any place of the first
 * of them. Each byte is said to be from the whole of its line behind the place: it may show the same bytes twice.
 */
export function readDumps(): ViewReader {
  let next = 0;
  let isSkipping = false;
  let isBroken = true;

  return {
    read(bytes, offset, ended, view) {
      let at = next - offset;
      while (at < bytes.length) {
        const newline = bytes.indexOf(NEWLINE, at);
        const end = newline < 0 ? bytes.length : newline;
        const isLong = isSkipping || end - at > LONGEST_LINE || !couldBeDump(bytes, at, end);
        if (newline < 0 && !ended && !isLong) break;
        const line = isLong ? null : parse(latin1(bytes, at, end));
        for (const byte of line?.bytes ?? []) view.add(byte, at + offset + (line?.start ?? 0), end + offset);
        if (line === null && !isBroken) view.add(BREAK, at + offset, at + offset);
        isBroken = line === null;
        isSkipping = newline < 0;
        at = newline < 0 ? bytes.length : newline + 1;
      }
      next = at + offset;
      return next;
    },
    goesOn: () => !isBroken,
  };
}

/** Nearly every line is told from a dump by its first bytes; true where there are too few of them to tell. */
function couldBeDump(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < Math.min(to, from + SHORTEST_PLACE); at += 1) {
    const byte = bytes[at] ?? 0;
    const letter = byte | 0x20;
    if (!((byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66))) return false;
  }
  return true;
}

/** The bytes that a line of a dump shows, and where in it that begins; null where it is none. */
function parse(line: string): { readonly bytes: readonly number[]; readonly start: number } | null {
  const found = LINE.exec(line);
  if (found === null) return null;
  const [, place = '', colon, spaces = '', rest = ''] = found;
  const start = place.length + (colon ?? spaces).length;
  const bytes = colon === undefined ? bytesOf(rest) : fromHex(rest.split('  ', 1)[0] ?? '');
  return bytes === null ? null : { bytes, start };
}

function bytesOf(rest: string): readonly number[] | null {
  if (CHARACTERS.test(rest)) return (rest.match(/.{4}/g) ?? []).map(characterByte);
  const columns = rest.split('|', 1)[0] ?? '';
  if (BYTES.test(columns)) return fromHex(columns);
  if (WORDS.test(columns)) return fromHex(columns.replaceAll(/([0-9a-f]{2})([0-9a-f]{2})/gi, '$2$1'));
  return null;
}

function characterByte(field: string): number {
  const text = field.trim();
  if (text.length <= 1) return field.charCodeAt(3);
  return text.startsWith('\\') ? (ESCAPED[text.slice(1)] ?? 0) : Number.parseInt(text, 8);
}

function fromHex(columns: string): readonly number[] | null {
  const digits = columns.replaceAll(' ', '');
  return /^(?:[0-9a-f]{2})+$/i.test(digits) ? [...Buffer.from(digits, 'hex')] : null;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
