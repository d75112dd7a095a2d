import { isJsonObject, type JsonValue } from '../../shared/json-value.ts';
import { endOfPiece, utf8Bytes } from '../../shared/utf8.ts';

/** A string from this length on is encoded piece by piece, in UTF-16 units. */
const LONG = 16_384;
/** So much of it at once. */
const PIECE = 1_024;
const ROOM_BYTES = 65_536;
/** Most bytes that one UTF-16 unit takes (RFC 3629). */
const MOST_BYTES = 3;

/**
 * The JSON text of a reply, as `JSON.stringify` makes it: as a string, or in UTF-8 where it holds a long one. Of a whole
 * mebibyte V8 makes several copies of two bytes for each character, each in fresh memory; small pieces stay in the
 * processor's cache and take a third of the time.
 */
export function encodeReply(reply: JsonValue): string | readonly Buffer[] {
  if (!holdsLong(reply)) return JSON.stringify(reply);
  const holders = new Set<JsonValue>();
  markHolders(reply, holders);
  return encode(reply, holders);
}

/** Whether the value is a long string or holds one, at any depth: few do, and nothing is made to find that. */
function holdsLong(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return isLong(value);
  if (!isJsonObject(value)) return value.some(holdsLong);
  for (const name in value) if (holdsLong(value[name] ?? null)) return true;
  return false;
}

/** The same, and what holds one is marked. */
function markHolders(value: JsonValue, holders: Set<JsonValue>): boolean {
  if (typeof value !== 'object' || value === null) return isLong(value);
  let holds = false;
  for (const member of isJsonObject(value) ? Object.values(value) : value)
    if (markHolders(member, holders)) holds = true;
  if (holds) holders.add(value);
  return holds;
}

function isLong(value: JsonValue): value is string {
  return typeof value === 'string' && value.length >= LONG;
}

function encode(reply: JsonValue, holders: ReadonlySet<JsonValue>): readonly Buffer[] {
  const parts: Buffer[] = [];
  let room = Buffer.allocUnsafeSlow(ROOM_BYTES);
  let at = 0;

  function flush(): void {
    if (at === 0) return;
    parts.push(room.subarray(0, at));
    room = Buffer.allocUnsafeSlow(ROOM_BYTES);
    at = 0;
  }

  function put(text: string): void {
    const most = MOST_BYTES * text.length;
    if (at + most > ROOM_BYTES) flush();
    // A part without a long string, or a long name.
    if (most > ROOM_BYTES) parts.push(utf8Bytes(text));
    else at += room.write(text, at);
  }

  /** Each piece without its last quote, which the next one's first byte takes the place of. */
  function putLong(text: string): void {
    put('"');
    for (let from = 0; from < text.length; ) {
      const to = endOfPiece(text, from, PIECE);
      put(JSON.stringify(text.slice(from, to)).slice(1));
      at -= 1;
      from = to;
    }
    put('"');
  }

  function putValue(value: JsonValue): void {
    if (isLong(value)) return putLong(value);
    if (typeof value !== 'object' || value === null || !holders.has(value)) return put(JSON.stringify(value));
    const isObject = isJsonObject(value);
    let before = isObject ? '{' : '[';
    for (const [name, member] of Object.entries(value)) {
      put(isObject ? `${before}${JSON.stringify(name)}:` : before);
      putValue(member);
      before = ',';
    }
    put(isObject ? '}' : ']');
  }

  putValue(reply);
  return [...parts, room.subarray(0, at)];
}
