import type { RecordLink } from '../../shared/audit/record.ts';
import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { type Priority, priorityOf } from './priority.ts';

/** One message for a sink: a record of the log, or a notice of the shipper's own about records that it cannot ship. */
export interface Shipment {
  readonly event: string;
  readonly priority: Priority;
  /** What a person reads, on one line. */
  readonly text: string;
  /** When it was made: ISO 8601, UTC, microseconds. */
  readonly time: string;
  /** What a sink can be searched by: lower-case names, and values without control characters. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The record as it stands in the log, or the notice as JSON; without a newline. */
  readonly line: Buffer;
  readonly isRecord: boolean;
}

const RECORD_LIMITS = { depth: 32, keys: 10_000 };
/** Values are for searching: whoever wants all of a long one reads the line. */
const VALUE_CHARACTERS = 512;

/** What is shown of a record beside its line, and where in the record it stands; the first that is there counts. */
const FIELDS: readonly (readonly [name: string, ...places: string[]])[] = [
  ['host', 'host'],
  ['request_id', 'claims.request_id'],
  ['trace_id', 'claims.trace_id'],
  ['span_id', 'claims.span_id'],
  ['session', 'facts.session'],
  ['launch', 'facts.launch'],
  ['profile', 'facts.profile', 'claims.profile'],
  ['driver', 'facts.driver'],
  ['method', 'claims.method'],
  ['uid', 'facts.uid'],
  ['user', 'facts.user'],
  ['gid', 'facts.gid'],
  ['pid', 'facts.pid'],
  ['unit', 'facts.unit.name', 'facts.unit'],
  ['decision', 'claims.decision'],
  ['end_reason', 'facts.end_reason', 'claims.end_reason'],
  ['outcome', 'claims.outcome'],
  ['reason', 'claims.reason'],
  ['reason_text', 'claims.reason_text'],
  ['error_code', 'claims.error_code'],
  ['params_hash', 'claims.params_hash'],
  ['params_key', 'claims.params_key'],
];

/** A record as it goes to a sink. A line that cannot be read is shipped all the same, with what its ends say of it. */
export function recordShipment(
  line: Buffer,
  { seq, event, hash }: Pick<RecordLink, 'seq' | 'event' | 'hash'>,
): Shipment {
  const record = readRecord(line);
  const found = FIELDS.flatMap(([name, ...places]): [string, string][] => {
    const value = places.map((place) => valueAt(record, place.split('.'))).find((text) => text !== null);
    return value == null ? [] : [[name, value]];
  });
  const known = new Map(found);
  const about = known.get('method') ?? known.get('profile');
  const result = known.get('end_reason') ?? known.get('outcome') ?? known.get('reason');
  return {
    event,
    priority: priorityOf(event),
    text: [event, about, result, `record ${seq}`].filter((word) => word !== undefined).join(' '),
    time: valueAt(record, ['time']) ?? new Date().toISOString(),
    fields: [['seq', String(seq)], ['event', event], ['hash', hash], ...found],
    line,
    isRecord: true,
  };
}

/** A notice of the shipper's own. */
export function noticeShipment(
  event: string,
  text: string,
  facts: Readonly<Record<string, number | string>>,
): Shipment {
  const time = new Date().toISOString();
  return {
    ...{ event, priority: priorityOf(event), text, time },
    fields: [
      ['event', event],
      ...Object.entries(facts).map(([name, value]) => [name, String(value)] as const),
    ],
    line: Buffer.from(JSON.stringify({ version: 1, time, event, notice: text, ...facts })),
    isRecord: false,
  };
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

/** A text or number below a record; null for what is no such thing. */
function valueAt(record: JsonObject | null, path: readonly string[]): string | null {
  let value: JsonValue | undefined = record ?? undefined;
  for (const name of path) value = isJsonObject(value) ? value[name] : undefined;
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  return escapeForTerminal(String(value).slice(0, VALUE_CHARACTERS));
}
