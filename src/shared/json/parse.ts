import type { JsonObject, JsonValue } from '../json-value.ts';
import { readNumber } from './numbers.ts';
import { type JsonLimits, type JsonReader, nextCharacter } from './reader.ts';
import { JsonRefused } from './refusal.ts';
import { readString } from './strings.ts';

export type { JsonLimits } from './reader.ts';
export { type JsonRefusalReason, JsonRefused } from './refusal.ts';

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const letterF = 0x66;
const letterN = 0x6e;
const letterT = 0x74;
const openBrace = 0x7b;
const closeBrace = 0x7d;

// `ignoreBOM: true` keeps a byte order mark in the text, where it can be seen and refused (RFC 8259 section 8.1).
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one JSON text (RFC 8259) so that no two readers can understand it differently: UTF-8 only, no byte order
 * mark, no duplicate keys however they are spelt (CVE-2017-12635), no `__proto__` key, no lone surrogate (RFC 8785
 * section 3.2.2.2), no number that overflows or that would change beyond 2^53-1. Objects of the result have no
 * prototype, so every other key is inert.
 *
 * Objects are not left to JSON.parse: in Node 24 and 26 it can take an escaped key for another key that some earlier
 * text had (`{"id":1,"\u006dethod":1}` after `{"id":1,"\\u006d":1}`; nodejs/node#63785), so one caller could change
 * how another's call is read.
 *
 * @param bytes the whole text; the caller holds its length to a limit
 * @throws JsonRefused with the reason, never with a part of the text
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): JsonValue {
  const reader: JsonReader = { text: decode(bytes), limits, position: 0, depth: 0, keys: 0, containers: 0 };
  try {
    const value = readValue(reader);
    if (!Number.isNaN(nextCharacter(reader))) throw new JsonRefused('syntax');
    return value;
  } catch (error) {
    // Its message quotes the text, so it is replaced and not kept as a cause.
    if (error instanceof SyntaxError) throw new JsonRefused('syntax');
    throw error;
  }
}

function decode(bytes: Uint8Array): string {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new JsonRefused('encoding');
    throw error;
  }
  if (text.startsWith('\ufeff')) throw new JsonRefused('byte-order-mark');
  return text;
}

/** Recursion is bounded by the depth limit. */
function readValue(reader: JsonReader): JsonValue {
  switch (nextCharacter(reader)) {
    case quote:
      return readString(reader);
    case openBrace:
      return readObject(reader);
    case openBracket:
      return readArray(reader);
    case letterT:
      return readLiteral(reader, 'true', true);
    case letterF:
      return readLiteral(reader, 'false', false);
    case letterN:
      return readLiteral(reader, 'null', null);
    default:
      return readNumber(reader);
  }
}

function readObject(reader: JsonReader): JsonObject {
  const object: Record<string, JsonValue> = { __proto__: null };
  if (opens(reader, closeBrace)) return object;
  do {
    if (nextCharacter(reader) !== quote) throw new JsonRefused('syntax');
    const key = readKey(reader);
    if (object[key] !== undefined) throw new JsonRefused('duplicate-key');
    if (nextCharacter(reader) !== colon) throw new JsonRefused('syntax');
    reader.position += 1;
    object[key] = readValue(reader);
  } while (continues(reader, closeBrace));
  return object;
}

function readKey(reader: JsonReader): string {
  reader.keys += 1;
  if (reader.keys > reader.limits.keys) throw new JsonRefused('keys');
  const key = readString(reader);
  if (key === '__proto__') throw new JsonRefused('reserved-key');
  return key;
}

function readArray(reader: JsonReader): readonly JsonValue[] {
  const items: JsonValue[] = [];
  if (opens(reader, closeBracket)) return items;
  do {
    items.push(readValue(reader));
  } while (continues(reader, closeBracket));
  return items;
}

/** Goes past an opening bracket, and past the closing one if nothing stands between them: then it returns true. */
function opens(reader: JsonReader, closing: number): boolean {
  reader.depth += 1;
  if (reader.depth > reader.limits.depth) throw new JsonRefused('depth');
  reader.containers += 1;
  if (reader.containers > reader.limits.keys) throw new JsonRefused('keys');
  reader.position += 1;
  return nextCharacter(reader) === closing && closes(reader);
}

/** Goes past a comma, and returns true, or past the closing bracket. */
function continues(reader: JsonReader, closing: number): boolean {
  const code = nextCharacter(reader);
  if (code === closing) return !closes(reader);
  if (code !== comma) throw new JsonRefused('syntax');
  reader.position += 1;
  return true;
}

function closes(reader: JsonReader): true {
  reader.depth -= 1;
  reader.position += 1;
  return true;
}

function readLiteral<Value extends JsonValue>(reader: JsonReader, word: string, value: Value): Value {
  if (!reader.text.startsWith(word, reader.position)) throw new JsonRefused('syntax');
  reader.position += word.length;
  return value;
}
