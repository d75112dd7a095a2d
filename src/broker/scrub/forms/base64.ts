/** Columns at which tools wrap base64: coreutils and MIME (RFC 2045), PEM (RFC 7468). */
const COLUMNS = [76, 64] as const;
/** A shorter part of base64 is found in too many other texts. */
export const SHORTEST_BASE64 = 8;

/** What of the base64 of any text around the bytes depends on them alone, at each of the three shifts. */
export function base64Cores(bytes: Uint8Array): string[] {
  return [0, 1, 2].map((shift) => base64Core(bytes, shift));
}

/** The same at one shift: so many bytes, modulo three, stand before these. */
export function base64Core(bytes: Uint8Array, shift: number): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const whole = (shift + bytes.length) % 3 === 0 ? encoded : encoded.slice(0, -1);
  return whole.slice(shift === 0 ? 0 : shift + 1);
}

/** Also as URLs and file names have it (RFC 4648, 5). */
export function withUrlSafe(text: string): string[] {
  return [text, text.replaceAll('+', '-').replaceAll('/', '_')];
}

/** Base64 of the bytes, and each line of it where it is wrapped. */
export function base64Forms(bytes: Uint8Array): string[] {
  const lines = COLUMNS.map((columns) => wrap(bytes, columns)).filter(({ length }) => length > 1);
  return [...base64Cores(bytes), ...lines.flat()].flatMap(withUrlSafe).filter(isLongEnough);
}

/** Of a value too short for the above: alone in base64, and that in base64 again. */
export function shortBase64Forms(bytes: Uint8Array): string[] {
  const whole = Buffer.from(bytes).toString('base64');
  return [whole, whole.replace(/=+$/, ''), ...base64Cores(Buffer.from(whole))].flatMap(withUrlSafe);
}

/** Base64 of base64, as it is and wrapped. */
export function doubleBase64Forms(bytes: Uint8Array): string[] {
  const whole = Buffer.from(bytes).toString('base64');
  const wrapped = wrap(bytes, COLUMNS[0]).join('\n');
  return [...new Set([...base64Cores(bytes), whole, wrapped])]
    .flatMap((text) => base64Cores(Buffer.from(text)))
    .flatMap(withUrlSafe)
    .filter(isLongEnough);
}

function isLongEnough({ length }: string): boolean {
  return length >= SHORTEST_BASE64;
}

function wrap(bytes: Uint8Array, columns: number): string[] {
  const text = Buffer.from(bytes).toString('base64').replace(/=+$/, '');
  return text.match(new RegExp(`.{1,${columns}}`, 'g')) ?? [];
}
