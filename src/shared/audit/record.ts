import { hash } from 'node:crypto';
import { type AuditFields, encodeFields } from './fields.ts';
import {
  HOST_LENGTH_MAXIMUM,
  hashOfLine,
  LINE_BYTES_MAXIMUM,
  type RecordLink,
  readLink,
  TRAILER_BYTES,
} from './link.ts';

export {
  hashOfLine,
  hasRecordForm,
  LINE_BYTES_MAXIMUM,
  NO_HASH,
  type RecordLink,
  readLink,
  readNext,
} from './link.ts';

/** Every event a record may name. */
export const AUDIT_EVENTS = [
  'daemon-start',
  'daemon-stop',
  'reload',
  'reload-refused',
  'broker-start',
  'broker-ended',
  'session',
  'session-end',
  'session-refused',
  'call-start',
  'call-end',
  'denied',
  'invalid',
  'refused',
  'launch',
  'launch-end',
  'launch-refused',
  'refusals',
  'recovery',
  'interrupted',
  'audit-refused-count',
  'pause',
  'resume',
  'grants-widened',
  'asks-not-granted',
  'rotation',
  'retention',
  'retention-refused',
  'compression-failed',
  'audit-low-space',
  'open-calls',
  'params-key',
  'configuration-changed',
  'driver-enabled',
  'driver-disabled',
  'permission-violation',
  'repeated-denials',
  'seal',
  'audit-reset',
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** When a record was made and by whom: both clocks, since only one of them can be set (A15). */
export interface RecordOrigin {
  /** ISO 8601, UTC, microseconds. */
  readonly time: string;
  /** CLOCK_MONOTONIC in nanoseconds, decimal; comparable within one `boot` only. */
  readonly monotonicNanoseconds: string;
  /** /proc/sys/kernel/random/boot_id */
  readonly boot: string;
  /** The host's name, as `recordedHost` writes it. */
  readonly host: string;
  /** Process id of the monitor that wrote it. */
  readonly writer: number;
}

export interface AuditRecord extends RecordLink, RecordOrigin {
  readonly facts: AuditFields;
  readonly claims: AuditFields;
}

/** A record whose JSON texts are made, waiting for its place in the chain. */
export interface PreparedRecord {
  readonly at: RecordOrigin;
  readonly event: string;
  readonly facts: string;
  readonly claims: string;
}

const EVENT = /^[a-z][a-z-]{0,31}$/;
const HEADER_BYTES_MAXIMUM = 384;
const FIELDS_BYTES_MAXIMUM = LINE_BYTES_MAXIMUM - HEADER_BYTES_MAXIMUM - TRAILER_BYTES - 1;
/** Most bytes that one UTF-16 unit becomes. */
const UTF8_BYTES_PER_UNIT = 3;
const FIELD_ORDER = 'version,seq,time,monotonic_ns,boot,host,writer,event,facts,claims,prev,hash';

/** A host's name as records hold it: bounded, and of characters that need no escape anywhere; `-` stands for any other. */
export function recordedHost(name: string): string {
  return name.slice(0, HOST_LENGTH_MAXIMUM).replace(/[^A-Za-z0-9._-]/g, '-') || '-';
}

/**
 * Makes the JSON texts of one record. Throws TypeError for an event that is no word, for fields that are not plain
 * data, and for a record that could be longer than LINE_BYTES_MAXIMUM.
 */
export function prepareRecord(
  at: RecordOrigin,
  event: string,
  facts: AuditFields,
  claims: AuditFields,
): PreparedRecord {
  if (!EVENT.test(event)) throw new TypeError('Cannot write the audit record: its event is not a word');
  const prepared = { at, event, facts: encodeFields(facts), claims: encodeFields(claims) };
  const units = prepared.facts.length + prepared.claims.length;
  // Counted only where it could matter.
  if (units * UTF8_BYTES_PER_UNIT > FIELDS_BYTES_MAXIMUM && fieldsBytes(prepared) > FIELDS_BYTES_MAXIMUM) {
    throw new TypeError(`Cannot write the audit record: it is longer than ${LINE_BYTES_MAXIMUM} bytes`);
  }
  return prepared;
}

function fieldsBytes({ facts, claims }: PreparedRecord): number {
  return Buffer.byteLength(facts) + Buffer.byteLength(claims);
}

/**
 * One record as its line. `hash` is SHA-256 over the line's bytes before `,"hash":"`, which include `prev`, so each
 * record vouches for all before it.
 */
export function sealRecord(
  record: PreparedRecord,
  seq: number,
  prev: string,
): { line: string; hash: string } {
  const sealed = sealedText(record, seq, prev);
  const digest = hash('sha256', sealed, 'hex');
  return { line: `${sealed}${hashPart(digest)}`, hash: digest };
}

/**
 * The same, written where it is to stand: a log's writer makes very many.
 *
 * @param at where in `lines` it begins; LINE_BYTES_MAXIMUM bytes have to be free from there
 */
export function sealInto(
  lines: Buffer,
  at: number,
  record: PreparedRecord,
  seq: number,
  prev: string,
): { end: number; hash: string } {
  const sealedTo = at + lines.write(sealedText(record, seq, prev), at);
  const digest = hash('sha256', lines.subarray(at, sealedTo), 'hex');
  return { end: sealedTo + lines.write(hashPart(digest), sealedTo, 'latin1'), hash: digest };
}

/** What the hash is taken over. */
function sealedText({ at, event, facts, claims }: PreparedRecord, seq: number, prev: string): string {
  return (
    `{"version":1,"seq":${seq},"time":"${at.time}","monotonic_ns":"${at.monotonicNanoseconds}","boot":"${at.boot}",` +
    `"host":"${at.host}","writer":${at.writer},"event":"${event}","facts":${facts},"claims":${claims},"prev":"${prev}"`
  );
}

function hashPart(digest: string): string {
  return `,"hash":"${digest}"}\n`;
}

/**
 * Parses one line, without its newline. Throws Error "Cannot read the audit record: …" unless the line is, byte for
 * byte, what `sealRecord` writes for the record it holds: so no duplicate key, other order, spacing or escape passes.
 */
export function parseRecord(line: Buffer): AuditRecord {
  const link = readLink(line);
  if (link === null) throw new Error('Cannot read the audit record: the line is not in the form of a record');
  if (hashOfLine(line) !== link.hash)
    throw new Error('Cannot read the audit record: its hash is not that of its bytes');
  const value = parseJson(line);
  if (Object.keys(value).join() !== FIELD_ORDER)
    throw new Error('Cannot read the audit record: its fields differ');
  const {
    time,
    monotonic_ns: monotonicNanoseconds,
    boot,
    host,
    writer,
    facts,
    claims,
  } = value as {
    [Name in 'time' | 'monotonic_ns' | 'boot' | 'host']: string;
  } & { writer: number } & { [Name in 'facts' | 'claims']: AuditFields };
  const at: RecordOrigin = { time, monotonicNanoseconds, boot, host, writer };
  const again = sealRecord(prepareRecord(at, link.event, facts, claims), link.seq, link.prev);
  if (!Buffer.from(again.line).subarray(0, -1).equals(line)) {
    throw new Error('Cannot read the audit record: it is not written as driverd writes it');
  }
  return { ...link, ...at, facts, claims };
}

function parseJson(line: Buffer): object {
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new Error('Cannot read the audit record: it is not JSON', { cause: error });
  }
  throw new Error('Cannot read the audit record: it is not an object');
}
