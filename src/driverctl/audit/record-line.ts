import { isJsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { viewRecord } from './record-view.ts';

const SEQUENCE_WIDTH = 7;
/** Longest value and longest foreign line that is shown, in characters; all of it is there with `--json`. */
export const SHOWN_CHARACTERS = 1_024;

/**
 * One record of the audit log for eyes: number, time, event, then facts and claims as name=value. A line that is no
 * record is shown as it is; both are safe for a terminal (U1) and bounded.
 */
export function humanRecord(line: Buffer): string {
  const record = viewRecord(line);
  if (record === null) return foreignLine(line);
  const { json, facts, claims } = record;
  const head = [words(json['seq']).padStart(SEQUENCE_WIDTH), words(json['time']), words(json['event'])];
  const claimed = pairs(claims);
  return [...head, ...pairs(facts), ...(claimed.length === 0 ? [] : ['claims:', ...claimed])].join(' ');
}

/** A line that is no record, marked so. */
export function foreignLine(line: Buffer): string {
  return `? ${bounded(line.toString())}`;
}

/** Members as name=value, each safe for a terminal; null and what is empty is left out. */
export function pairs(value: JsonValue | undefined): string[] {
  if (!isJsonObject(value)) return [];
  return Object.keys(value)
    .filter((name) => !isEmpty(value[name]))
    .map((name) => `${words(name)}=${words(value[name])}`);
}

function isEmpty(value: JsonValue | undefined): boolean {
  if (typeof value !== 'object') return value === undefined;
  return value === null || Object.keys(value).length === 0;
}

/** A value in one line, safe for a terminal; text with spaces stands in quotes, so that it cannot pass for several values. */
export function words(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '-';
  if (typeof value !== 'string') return bounded(JSON.stringify(value));
  const text = bounded(value);
  return /^[^\s"]+$/u.test(text) ? text : `"${text.replaceAll('"', '\\"')}"`;
}

function bounded(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS;
  return `${escapeForTerminal(text.slice(0, SHOWN_CHARACTERS))}${isLong ? '...' : ''}`;
}
