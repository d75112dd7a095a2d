import type { Needle } from './automaton.ts';

/** Shorter values would be found everywhere: they are refused. */
const SHORTEST_BYTES = 4;
/** Shorter ones count only between token borders. */
const SHORTEST_ANYWHERE_BYTES = 8;

export interface KnownSecret {
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * The forms in which tools print a value: as it is, trimmed, each long line of it; base64 at its three shifts, hex,
 * percent-encoded, escaped for JSON, XML and a shell's single quotes.
 * @throws Error where the value is too short; the value is not quoted
 */
export function formsOf({ name, value }: KnownSecret): Needle[] {
  const literal = Buffer.from(value);
  if (literal.length < SHORTEST_BYTES) {
    throw new Error(`Cannot register secret ${name}: it is shorter than ${SHORTEST_BYTES} bytes`);
  }
  const trimmed = trim(literal);
  const lines = splitLines(literal)
    .map(trim)
    .filter((line) => line.length >= SHORTEST_ANYWHERE_BYTES);
  const values = [literal, trimmed, ...lines].filter((bytes) => bytes.length >= SHORTEST_BYTES);
  const forms = new Map<string, Buffer>();
  for (const bytes of values) {
    const text = bytes.toString('utf8');
    const encoded = [
      ...[bytes.toString('hex'), bytes.toString('hex').toUpperCase()],
      ...[percent(bytes, false), percent(bytes, true), percent(bytes, false).replaceAll('%20', '+')],
      ...[JSON.stringify(text).slice(1, -1), asciiJson(text), xml(text), text.replaceAll("'", `'\\''`)],
      ...(bytes.length >= SHORTEST_ANYWHERE_BYTES ? base64Forms(bytes) : []),
    ].map((form) => Buffer.from(form));
    for (const form of [bytes, ...encoded]) forms.set(form.toString('latin1'), form);
  }
  return [...forms.values()].map((bytes) => ({
    name,
    bytes,
    wholeToken: bytes.length < SHORTEST_ANYWHERE_BYTES,
  }));
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

function trim(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start])) start += 1;
  while (end > start && isSpace(bytes[end - 1])) end -= 1;
  return bytes.subarray(start, end);
}

function splitLines(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'));
}

/** What of the base64 of any text around the value depends on the value alone, at each of the three shifts. */
function base64Forms(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = (shift + bytes.length) % 3 === 0 ? encoded : encoded.slice(0, -1);
    const standard = whole.slice(shift === 0 ? 0 : shift + 1);
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

function percent(bytes: Buffer, lowerCase: boolean): string {
  const encoded = [...bytes].map((byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character)) return character;
    const hex = byte.toString(16).padStart(2, '0');
    return `%${lowerCase ? hex : hex.toUpperCase()}`;
  });
  return encoded.join('');
}

function asciiJson(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(
      /[\u007f-\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
}

function xml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
