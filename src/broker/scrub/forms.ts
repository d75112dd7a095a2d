/** Shorter values would be found everywhere: they are refused. */
const SHORTEST_BYTES = 4;
/** Shorter ones count only between token borders. */
const SHORTEST_ANYWHERE_BYTES = 8;

/** Columns at which tools wrap base64: coreutils and MIME (RFC 2045), PEM (RFC 7468). */
const BASE64_COLUMNS = [76, 64];
const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What needs no escape anywhere: such a value looks the same in most forms. */
const PLAIN = /^[A-Za-z0-9_.~-]*$/;

export interface KnownSecret {
  readonly name: string;
  readonly value: Uint8Array;
}

/** Bytes that are looked for, under the name that replaces them. */
export interface Needle {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Counts only where no letter or digit stands before or after it. */
  readonly wholeToken: boolean;
}

/**
 * The forms in which tools print a value: as it is, trimmed, each long line of it; base64 at its three shifts and
 * wrapped, hex, percent-encoded, escaped for JSON, XML and a shell's single quotes, as a number.
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
    for (const form of [bytes, ...encodings(bytes).map((text) => Buffer.from(text))])
      forms.set(form.toString('latin1'), form);
  }
  return [...forms.values()].map((bytes) => ({
    name,
    bytes,
    wholeToken: bytes.length < SHORTEST_ANYWHERE_BYTES,
  }));
}

function encodings(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  const hex = bytes.toString('hex');
  return [
    ...[hex, hex.toUpperCase()],
    ...(PLAIN.test(text) ? [] : escapedForms(bytes, text)),
    ...numberForms(text),
    ...(bytes.length >= SHORTEST_ANYWHERE_BYTES ? base64Forms(bytes) : []),
  ];
}

function escapedForms(bytes: Buffer, text: string): string[] {
  const percent = percentEncode(bytes);
  const json = JSON.stringify(text).slice(1, -1);
  const ascii = unicodeEscaped(json, /[\u007f-\uffff]/g);
  return [
    ...[percent, percent.replace(/%../g, (code) => code.toLowerCase()), percent.replaceAll('%20', '+')],
    ...[json, json.replaceAll('/', '\\/'), ascii, ascii.replaceAll('/', '\\/')],
    ...[unicodeEscaped(json, /[<>&]/g), xml(text), text.replaceAll("'", `'\\''`)],
  ];
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
  const shifted = [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const whole = (shift + bytes.length) % 3 === 0 ? encoded : encoded.slice(0, -1);
    const standard = whole.slice(shift === 0 ? 0 : shift + 1);
    return [standard, standard.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [...shifted, ...BASE64_COLUMNS.flatMap((columns) => wrapped(shifted[0] ?? '', columns))];
}

/** Wrapped text, and each of its lines: what stands at their ends depends on the tool. */
function wrapped(text: string, columns: number): string[] {
  if (text.length <= columns) return [];
  const lines = text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
  return [lines.join('\n'), ...lines.filter((line) => line.length >= SHORTEST_ANYWHERE_BYTES)];
}

/** How a number is printed that was read from the value: without leading zeros, rounded to a double. */
function numberForms(text: string): string[] {
  const form = NUMBER.test(text) ? String(Number(text)) : '';
  return form.length >= SHORTEST_BYTES ? [form] : [];
}

function percentEncode(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(
      /[^A-Za-z0-9_.~-]/g,
      (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
}

function unicodeEscaped(json: string, characters: RegExp): string {
  return json.replace(
    characters,
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
