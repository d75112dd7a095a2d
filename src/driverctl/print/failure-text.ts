import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal, escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import { DaemonFailure, type Failure } from '../failure.ts';

/** A server's words are cut here, in characters: the line is for eyes. */
const WORDS_LIMIT = 2_048;
/** A driver's log tail is cut here, in characters; the daemon sends 4 KiB. */
const TAIL_LIMIT = 16_384;

/**
 * What driverctl says on standard error when it fails: one line "driverctl: Cannot …: why (reason, request id)", and
 * after a driver's failure the tail of its log. With `json`, a daemon's error is one line of JSON.
 */
export function failureText(failure: Failure, json: boolean): string {
  if (!(failure instanceof DaemonFailure)) return line(failure.message);
  const { code, message, data } = failure.error;
  if (json) return `${escapeJsonForTerminal(JSON.stringify({ error: { code, message, data } }))}\n`;
  const details = [
    ...placeOf(data),
    ...driverEnd(data),
    ...auditState(data),
    ...named('request', data['request_id']),
  ];
  const reason = typeof data['reason'] === 'string' ? data['reason'] : `code ${code}`;
  return line(`${message} (${[reason, ...details].join(', ')})`) + driverLog(data);
}

function line(text: string): string {
  return `driverctl: ${escapeForTerminal(text.slice(0, WORDS_LIMIT))}\n`;
}

function named(name: string, value: JsonValue | undefined): string[] {
  return typeof value === 'string' || typeof value === 'number' ? [`${name} ${value}`] : [];
}

function placeOf(data: JsonObject): string[] {
  const place = data['at'] === '' ? 'the params as a whole' : data['at'];
  return [...named('at', place), ...named('rule', data['rule']), ...named('error', data['error'])];
}

function driverEnd({ driver }: JsonObject): string[] {
  if (!isJsonObject(driver)) return [];
  return [...named('exit status', driver['exit_status']), ...named('signal', driver['signal'])];
}

function auditState({ audit }: JsonObject): string[] {
  if (!isJsonObject(audit)) return [];
  const { state, conditions } = audit;
  const words = Array.isArray(conditions) ? conditions.filter((word) => typeof word === 'string') : [];
  return [...named('audit log', state), ...words];
}

function driverLog({ driver }: JsonObject): string {
  const log = isJsonObject(driver) ? driver['stderr'] : undefined;
  if (typeof log !== 'string' || log === '') return '';
  const lines = escapeForTerminal(log.slice(-TAIL_LIMIT), { keepNewlines: true })
    .replace(/\n$/u, '')
    .split('\n');
  return lines.map((text) => `  driver: ${text}\n`).join('');
}
