/** What an escape stands for: a code point, or -1 for none that is kept. */
export interface Decoded {
  readonly code: number;
  /** The place behind the escape. */
  readonly end: number;
}

/** Told where the bytes end before the escape does, and more may follow. */
export const INCOMPLETE = null;

/** How often one encoding is applied over itself and still seen through. */
const MOST_LAYERS = 3;
const LONGEST_NAME = 7;
const LONGEST_NUMBER = 7;
/** Parameters of a colour or of another control sequence (ECMA-48, 5.4). */
const LONGEST_CONTROL = 24;

const ESCAPE = 0x1b;
const [AMPERSAND, HASH, SEMICOLON, BRACKET] = [0x26, 0x23, 0x3b, 0x5b];
const SMALL_U = 0x75;
const CAPITAL_U = 0x55;
const SMALL_X = 0x78;

/** Names of characters of ASCII (HTML, 13.5); the others stand for what the view drops. */
const NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', excl: '!', num: '#', dollar: '$' },
    ...{ percnt: '%', lpar: '(', rpar: ')', ast: '*', plus: '+', comma: ',', period: '.', sol: '/' },
    ...{ colon: ':', semi: ';', equals: '=', quest: '?', commat: '@', lsqb: '[', lbrack: '[', bsol: '\\' },
    ...{ rsqb: ']', rbrack: ']', Hat: '^', lowbar: '_', grave: '`', lcub: '{', lbrace: '{', verbar: '|' },
    ...{ vert: '|', rcub: '}', rbrace: '}', Tab: '\t', NewLine: '\n' },
  }).map(([name, character]) => [name, character.charCodeAt(0)]),
);

/** `%41`, also encoded again: `%2541`. Null: incomplete. Not an escape: the sign alone is dropped. */
export function decodePercent(bytes: Uint8Array, at: number, to: number): Decoded | null {
  let next = at + 1;
  for (let layer = 1; layer < MOST_LAYERS && isText(bytes, next, to, '25'); layer += 1) {
    if (next + 4 > to && isHexUpTo(bytes, next + 2, to)) return INCOMPLETE;
    if (hexAt(bytes, next + 2, 2, to) < 0) break;
    next += 2;
  }
  return hexEscape(bytes, at + 1, next, 2, to);
}

/** `&lt;`, `&#60;`, `&#x3c;`, also encoded again: `&amp;lt;`. */
export function decodeEntity(bytes: Uint8Array, at: number, to: number): Decoded | null {
  let next = at + 1;
  for (let layer = 0; ; layer += 1) {
    const end = endOfName(bytes, next, to);
    if (end === to && end - next <= LONGEST_NAME) return INCOMPLETE;
    if (bytes[end] !== SEMICOLON) return { code: -1, end: at + 1 };
    const code = namedCode(latin1(bytes, next, end));
    if (code === undefined) return { code: -1, end: at + 1 };
    if (code !== AMPERSAND || layer >= MOST_LAYERS) return { code, end: end + 1 };
    const inner = endOfName(bytes, end + 1, to);
    if (inner === to && inner - end - 1 <= LONGEST_NAME) return INCOMPLETE;
    if (bytes[inner] !== SEMICOLON || namedCode(latin1(bytes, end + 1, inner)) === undefined)
      return { code, end: end + 1 };
    next = end + 1;
  }
}

/** What stands behind one backslash or several, as `n`, `x41`, `u0041` or `101`; another character is itself. */
export function decodeBackslashed(bytes: Uint8Array, at: number, to: number): Decoded | null {
  const byte = bytes[at] ?? 0;
  if (byte === SMALL_X) return hexEscape(bytes, at, at + 1, 2, to);
  if (byte === SMALL_U) return hexEscape(bytes, at, at + 1, 4, to);
  if (byte === CAPITAL_U) return hexEscape(bytes, at, at + 1, 8, to);
  if (isOctal(byte) && byte <= 0x33) {
    for (let index = 1; index <= 2; index += 1) {
      if (at + index >= to) return INCOMPLETE;
      if (!isOctal(bytes[at + index] ?? 0)) return { code: -1, end: at };
    }
    return { code: Number.parseInt(latin1(bytes, at, at + 3), 8), end: at + 3 };
  }
  if ('abefnrtvE'.includes(String.fromCharCode(byte)))
    return byte === 0x65 || byte === 0x45 ? { code: ESCAPE, end: at + 1 } : { code: -1, end: at + 1 };
  return { code: -1, end: at };
}

/** The end of a control sequence whose escape character stands before this place, or this place where there is none. */
export function endOfControl(bytes: Uint8Array, at: number, to: number): number | null {
  if (at >= to) return INCOMPLETE;
  if (bytes[at] !== BRACKET) return at;
  for (let next = at + 1; next <= at + LONGEST_CONTROL; next += 1) {
    if (next >= to) return INCOMPLETE;
    const byte = bytes[next] ?? 0;
    if (byte >= 0x40 && byte <= 0x7e) return next + 1;
    if (byte < 0x20 || byte > 0x3f) return at;
  }
  return at;
}

/** So many hexadecimal digits from `next` on, or else what begins at `otherwise` is no escape. */
function hexEscape(
  bytes: Uint8Array,
  otherwise: number,
  next: number,
  digits: number,
  to: number,
): Decoded | null {
  if (next + digits > to && isHexUpTo(bytes, next, to)) return INCOMPLETE;
  const code = hexAt(bytes, next, digits, to);
  return code < 0 ? { code: -1, end: otherwise } : { code, end: next + digits };
}

function hexAt(bytes: Uint8Array, at: number, digits: number, to: number): number {
  if (at + digits > to || !isHexUpTo(bytes, at, at + digits)) return -1;
  return Number.parseInt(latin1(bytes, at, at + digits), 16);
}

function isHexUpTo(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    const letter = byte | 0x20;
    if (!((byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x66))) return false;
  }
  return true;
}

function isText(bytes: Uint8Array, at: number, to: number, text: string): boolean {
  return at + text.length <= to && latin1(bytes, at, at + text.length) === text;
}

function endOfName(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && at - from <= LONGEST_NAME + 1 && isNameByte(bytes[at] ?? 0)) at += 1;
  return at;
}

function isNameByte(byte: number): boolean {
  const letter = byte | 0x20;
  return byte === HASH || (byte >= 0x30 && byte <= 0x39) || (letter >= 0x61 && letter <= 0x7a);
}

function namedCode(name: string): number | undefined {
  if (name.length > LONGEST_NUMBER + 1) return undefined;
  const number = /^#(?:(\d{1,7})|[xX]([0-9a-fA-F]{1,6}))$/.exec(name);
  if (number === null) return NAMES.get(name);
  return number[1] === undefined ? Number.parseInt(number[2] ?? '', 16) : Number(number[1]);
}

function isOctal(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x37;
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}
