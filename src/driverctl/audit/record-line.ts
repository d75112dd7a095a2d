import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';

const RECORD_LIMITS = { depth: 32, keys: 10_000 };
const SEQUENCE_WIDTH = 7;

/**
 * One record of the audit log for eyes: number, time, event, then facts and claims as name=value. A line that is no
 * record is shown as it is; both are safe for a terminal (U1).
 */
export function humanRecord(line: Buffer): string {
  const record = readRecord(line);
  if (record === null) return `? ${escapeForTerminal(line.toString())}`;
  const { seq, time, event, facts, claims } = record;
  const head = [words(seq).padStart(SEQUENCE_WIDTH), words(time), words(event)];
  const claimed = pairs(claims);
  return [...head, ...pairs(facts), ...(claimed.length === 0 ? [] : ['claims:', ...claimed])].join(' ');
}

function readRecord(line: Buffer): JsonObject | null {
  try {
    const value = parseJson(line, RECORD_LIMITS);
    return isJsonObject(value) ? value : null;
  } catch (error) {
    if (error instanceof JsonRefused) return null;
    throw error;
  }
}

function words(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '-';
  return escapeForTerminal(typeof value === 'string' ? value : JSON.stringify(value));
}

function pairs(value: JsonValue | undefined): string[] {
  if (!isJsonObject(value)) return [];
  return Object.keys(value).map((name) => `${escapeForTerminal(name)}=${words(value[name])}`);
}
