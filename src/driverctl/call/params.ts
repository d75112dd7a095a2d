import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Input } from '../invocation.ts';

/** The most that is read from standard input; the daemon's own limit on a message (1 MiB unless set) is below. */
export const STDIN_LIMIT_BYTES = 64 * 1024 * 1024;
const PARAMS_LIMITS = { depth: 256, keys: 1_000_000 };

/** Params of a call, and where they were given. */
export interface Params {
  readonly values: JsonObject;
  /** Names of those that stand on the command line, where other users can read them (proc(5), cmdline). */
  readonly onCommandLine: readonly string[];
  readonly readStdin: boolean;
}

/**
 * Reads the params of a call: one JSON object, `-` for one on standard input, or any number of `name=value`, where a
 * value that is JSON counts as such and any other as a string.
 * Throws `Failure` (usage) with no part of a value in it.
 */
export async function readParams(
  words: readonly string[],
  stdin: Pick<Input, 'isTerminal' | 'readAll'>,
): Promise<Params> {
  const [first] = words;
  if (words.length === 1 && first === '-') {
    const values = jsonObject(await stdin.readAll(STDIN_LIMIT_BYTES));
    return { values, onCommandLine: [], readStdin: true };
  }
  const values =
    words.length === 1 && first?.trimStart().startsWith('{') ? jsonObject(Buffer.from(first)) : pairs(words);
  return { values, onCommandLine: Object.keys(values), readStdin: false };
}

/** Reads params by position: one JSON array. Throws as `readParams`. */
export function readPositionalParams(text: string): readonly JsonValue[] {
  const value = readJson(Buffer.from(text));
  if (!Array.isArray(value)) throw new Failure('usage', 'Cannot read the params: they are no JSON array');
  return value;
}

function readJson(bytes: Buffer): JsonValue {
  try {
    return parseJson(bytes, PARAMS_LIMITS);
  } catch (error) {
    if (!(error instanceof JsonRefused)) throw error;
    throw new Failure('usage', `Cannot read the params: ${reasonOf(error)}`);
  }
}

function jsonObject(bytes: Buffer): JsonObject {
  const value = readJson(bytes);
  if (!isJsonObject(value)) throw new Failure('usage', 'Cannot read the params: they are no JSON object');
  if (value['_meta'] !== undefined) {
    throw new Failure('usage', 'Cannot read the params: _meta is set by options, such as --timeout');
  }
  return value;
}

function pairs(words: readonly string[]): JsonObject {
  const values: Record<string, JsonValue> = Object.create(null);
  words.forEach((word, index) => {
    const equals = word.indexOf('=');
    const refuse = (why: string): Failure => new Failure('usage', `Cannot read param ${index + 1}: ${why}`);
    if (equals < 1) throw refuse('it is neither name=value nor a JSON object');
    const name = word.slice(0, equals);
    if (name === '_meta' || name === '__proto__') throw refuse(`${name} is a reserved name`);
    if (name in values) throw refuse(`${name} was given before`);
    values[name] = jsonOrText(word.slice(equals + 1));
  });
  return values;
}

function jsonOrText(text: string): JsonValue {
  try {
    return parseJson(Buffer.from(text), PARAMS_LIMITS);
  } catch (error) {
    if (error instanceof JsonRefused) return text;
    throw error;
  }
}
