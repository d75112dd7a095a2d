import { wrongWithReason } from '../../shared/call-reason.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { Request } from './envelope.ts';
import { readTraceParent, type TraceParent } from './traceparent.ts';

/** What a call says about itself beside its params. */
export interface Metadata {
  readonly traceparent: TraceParent | undefined;
  /** Asks for progress under this token. */
  readonly progressToken: string | number | undefined;
  /** The caller's own limit in milliseconds, 1 to 2^31-1; it can only shorten the profile's. */
  readonly timeoutMs: number | undefined;
  /** Asks for `_meta` in the reply. */
  readonly reply: boolean;
  /** Asks for a command driver's output as it was. */
  readonly raw: boolean;
  /** Why the caller makes the call, in the caller's words; it stands in the records as that. */
  readonly reason: string | undefined;
}

export type MetadataRefusal = {
  readonly kind: 'refused';
  /** JSON pointer into the params (RFC 6901). */
  readonly at: string;
  /** The JSON Schema keyword that says what is wrong. */
  readonly rule: 'type' | 'format' | 'minimum' | 'maximum' | 'minLength' | 'maxLength';
};

export type MetadataReading =
  | { readonly kind: 'read'; readonly metadata: Metadata; readonly params: Request['params'] }
  | MetadataRefusal;

const longestTokenBytes = 256;
/** A Node timer over this fires after one millisecond. */
const longestTimeoutMs = 2 ** 31 - 1;

const none: Metadata = {
  traceparent: undefined,
  progressToken: undefined,
  timeoutMs: undefined,
  reply: false,
  raw: false,
  reason: undefined,
};

type Rule = MetadataRefusal['rule'];
type Reading = { readonly value: Partial<Metadata> } | { readonly rule: Rule };

const readers: ReadonlyMap<string, (value: JsonValue) => Reading> = new Map([
  ['traceparent', readTrace],
  ['progressToken', readToken],
  ['timeoutMs', readTimeout],
  ['reply', (value: JsonValue) => readFlag(value, (reply) => ({ reply }))],
  ['raw', (value: JsonValue) => readFlag(value, (raw) => ({ raw }))],
  ['reason', readReason],
]);

/**
 * Takes `_meta` (a convention of the Model Context Protocol) out of params by name, so that neither the schema nor the
 * hash sees it. Keys driverd knows are checked; others are for other servers and ignored. Params by position have none.
 *
 * @returns metadata and the params without it, or the place of the first wrong value
 */
export function readMetadata(params: Request['params']): MetadataReading {
  if (params === undefined || !isJsonObject(params)) return { kind: 'read', metadata: none, params };
  const { _meta: given } = params;
  if (given === undefined) return { kind: 'read', metadata: none, params };
  if (!isJsonObject(given)) return { kind: 'refused', at: '/_meta', rule: 'type' };
  let metadata = none;
  for (const [key, read] of readers) {
    const value = given[key];
    if (value === undefined) continue;
    const reading = read(value);
    if ('rule' in reading) return { kind: 'refused', at: `/_meta/${key}`, rule: reading.rule };
    metadata = { ...metadata, ...reading.value };
  }
  return { kind: 'read', metadata, params: withoutMetadata(params) };
}

function withoutMetadata(params: JsonObject): JsonObject {
  const rest: Record<string, JsonValue> = { __proto__: null };
  for (const [key, value] of Object.entries(params)) if (key !== '_meta') rest[key] = value;
  return rest;
}

function readTrace(value: JsonValue): Reading {
  if (typeof value !== 'string') return { rule: 'type' };
  const traceparent = readTraceParent(value);
  return traceparent === undefined ? { rule: 'format' } : { value: { traceparent } };
}

function readToken(value: JsonValue): Reading {
  if (typeof value === 'string') {
    return Buffer.byteLength(value) > longestTokenBytes
      ? { rule: 'maxLength' }
      : { value: { progressToken: value } };
  }
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return { rule: 'type' };
  return { value: { progressToken: value } };
}

function readTimeout(value: JsonValue): Reading {
  if (typeof value !== 'number' || !Number.isInteger(value)) return { rule: 'type' };
  if (value < 1) return { rule: 'minimum' };
  return value > longestTimeoutMs ? { rule: 'maximum' } : { value: { timeoutMs: value } };
}

function readReason(reason: JsonValue): Reading {
  if (typeof reason !== 'string') return { rule: 'type' };
  const rule = wrongWithReason(reason);
  return rule === null ? { value: { reason } } : { rule };
}

function readFlag(value: JsonValue, as: (flag: boolean) => Partial<Metadata>): Reading {
  return typeof value === 'boolean' ? { value: as(value) } : { rule: 'type' };
}
