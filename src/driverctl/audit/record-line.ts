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

/** Members as name=value, each safe for a terminal. */
export function pairs(value: JsonValue | undefined): string[] {
  if (!isJsonObject(value)) return [];
  return Object.keys(value).map((name) => `${bounded(name)}=${words(value[name])}`);
}

/** A value in one line, safe for a terminal. */
export function words(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return '-';
  return bounded(typeof value === 'string' ? value : JSON.stringify(value));
}

function bounded(text: string): string {
  const isLong = text.length > SHOWN_CHARACTERS;
  return `${escapeForTerminal(text.slice(0, SHOWN_CHARACTERS))}${isLong ? '…' : ''}`;
}
