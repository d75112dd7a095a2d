import { parseRecord } from '../../shared/audit/record.ts';
import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';

const RECORD_LIMITS = { depth: 32, keys: 100_000 };
/** The time stands near the beginning of a record. */
const TIME_WITHIN_BYTES = 96;
const TIME = /"time":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3})[0-9]{0,3}Z"/;

/** A record as it is looked at: read by JSON alone, so that one that was edited can still be shown. */
export interface RecordView {
  readonly seq: number | null;
  readonly time: string | null;
  readonly event: string | null;
  readonly facts: JsonObject;
  readonly claims: JsonObject;
  /** All of it. */
  readonly json: JsonObject;
}

const BACKSLASH = 0x5c;
const NOTHING: JsonObject = Object.freeze(Object.create(null));

/** null: the line is no JSON object with facts or claims. */
export function viewRecord(line: Buffer): RecordView | null {
  return viewOf(readObject(line));
}

/**
 * As `viewRecord`, several times faster, for counting: a key that stands there twice is not noticed. JSON.parse can take an
 * escaped key for another (nodejs/node#63785), so a line with a backslash is read the other way.
 */
export function glanceAtRecord(line: Buffer): RecordView | null {
  if (line.includes(BACKSLASH)) return viewRecord(line);
  try {
    const value: JsonValue = JSON.parse(line.toString());
    return viewOf(isJsonObject(value) ? value : null);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function viewOf(json: JsonObject | null): RecordView | null {
  if (json === null) return null;
  const { seq, time, event, facts, claims } = json;
  if (!isJsonObject(facts) && !isJsonObject(claims)) return null;
  return {
    seq: typeof seq === 'number' ? seq : null,
    time: typeof time === 'string' ? time : null,
    event: typeof event === 'string' ? event : null,
    facts: isJsonObject(facts) ? facts : NOTHING,
    claims: isJsonObject(claims) ? claims : NOTHING,
    json,
  };
}

/** Why a line is not what driverd has written; null: byte for byte, it may be. Its place in the chain is not looked at. */
export function wrongWithLine(line: Buffer): string | null {
  try {
    parseRecord(line);
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message.replace(/^Cannot [^:]*: /u, '');
  }
}

/** When a line says that it was made, in milliseconds since 1970, without reading all of it; null where it does not. */
export function timeOfLine(line: Buffer): number | null {
  const [, text] = TIME.exec(line.toString('latin1', 0, TIME_WITHIN_BYTES)) ?? [];
  const time = text === undefined ? Number.NaN : Date.parse(`${text}Z`);
  return Number.isNaN(time) ? null : time;
}

function readObject(line: Buffer): JsonObject | null {
  try {
    const value = parseJson(line, RECORD_LIMITS);
    return isJsonObject(value) ? value : null;
  } catch (error) {
    if (error instanceof JsonRefused) return null;
    throw error;
  }
}
