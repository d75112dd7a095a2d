import { open } from 'node:fs/promises';
import type { AuditFields } from '../../shared/audit/fields.ts';
import type { LogLine } from '../../shared/audit/lines.ts';
import { hashOfLine, LINE_BYTES_MAXIMUM, readLink } from '../../shared/audit/record.ts';
import { openSegment, Undecompressible } from '../../shared/audit/segment-file.ts';
import { listSegments, type Segment } from '../../shared/audit/segments.ts';
import { type CallIdentity, type CallRun, interruptedRecord } from './call-records.ts';
import type { AuditLog } from './log.ts';
import { readBytes } from './tail.ts';

/** Most calls that an earlier run can have left open (limits.in_flight, four times: see broker/dispatch.ts). */
export const OPEN_CALLS_MAXIMUM = 65_536;
/** Records that are on their way at once. */
const AT_ONCE = 1_024;
/** How much of the log's end is looked at for a daemon that stopped well, in bytes. */
const END_BYTES = 8 * LINE_BYTES_MAXIMUM;

/** A call that an earlier run left open. */
export type EarlierCall = CallIdentity & CallRun;

/** What one segment says of calls, read from its beginning. */
interface SegmentCalls {
  /** Calls that have an intent here, and no outcome. */
  open: Map<string, EarlierCall>;
  /** Calls that have an outcome here and their intent in an earlier segment. */
  readonly closed: Set<string>;
  /** Launches of calls whose intent does not stand before them in this segment. */
  readonly launches: Map<string, number[]>;
  /** Whether it says which calls were open at some point in it: nothing before it is of interest. */
  isWhole: boolean;
  /** Parts of an `open-calls` record that goes over several. */
  readonly parts: EarlierCall[];
}

/**
 * Closes as interrupted what a daemon left open that ended without its stop: an intent without an outcome (A20). To be
 * called before this daemon's own first record. Returns how many there were.
 * @throws AuditUnavailable
 */
export async function closeEarlierCalls(log: AuditLog): Promise<number> {
  const found = log.takeEarlierCalls();
  for (let from = 0; from < found.length; from += AT_ONCE) {
    const written = found.slice(from, from + AT_ONCE).map((call) => {
      const { facts, claims } = interruptedRecord(call, call, 'daemon-ended');
      return log.append('interrupted', facts, claims, false);
    });
    await Promise.all(written);
  }
  return found.length;
}

/**
 * The calls with an intent and no outcome at the log's end. Reads segments from the last one back to the last record that
 * says which calls were open: a daemon's start or stop, or `open-calls` (checkpoints.ts), so never far. Nothing may be
 * written to them meanwhile.
 * @throws what reading the log's files throws
 */
export async function findOpenCalls(path: string): Promise<readonly EarlierCall[]> {
  const segments = await listSegments(path);
  const last = segments.at(-1);
  if (last === undefined || (last.first === null && (await stoppedWell(last.path)))) return [];
  const found = new Map<string, EarlierCall>();
  const closed = new Set<string>();
  const launches = new Map<string, number[]>();
  for (const segment of segments.toReversed()) {
    const calls = emptySegment();
    const isThere = await readWhole(segment, (line) => take(calls, line));
    for (const [key, call] of calls.open) if (!closed.has(key)) found.set(key, call);
    for (const [key, numbers] of calls.launches) add(launches, key, numbers);
    if (calls.isWhole || !isThere) break;
    for (const key of calls.closed) closed.add(key);
  }
  return [...found]
    .slice(0, OPEN_CALLS_MAXIMUM)
    .map(([key, call]) => ({ ...call, launches: [...call.launches, ...(launches.get(key) ?? [])] }));
}

/** False: the segment is not there, or not whole; that is verify's to judge, and no reason not to start. */
async function readWhole(segment: Segment, take: (line: LogLine) => boolean): Promise<boolean> {
  const file = await openSegment(segment);
  if (file === null) return false;
  try {
    await file.read(0, Number.POSITIVE_INFINITY, take);
    return true;
  } catch (error) {
    if (!(error instanceof Undecompressible)) throw error;
    return false;
  } finally {
    await file.close();
  }
}

/** Whether the log ends with a daemon's stop, and what its log writes after it. */
async function stoppedWell(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const from = Math.max(0, size - END_BYTES);
    const lines = (await readBytes(file, from, size - from)).toString('latin1').split('\n');
    const events = lines.map((line) => readLink(Buffer.from(line, 'latin1'))?.event);
    const stop = events.lastIndexOf('daemon-stop');
    return stop !== -1 && !events.slice(stop + 1).some((event) => event !== undefined && event in READERS);
  } finally {
    await file.close();
  }
}

function emptySegment(): SegmentCalls {
  return { open: new Map(), closed: new Set(), launches: new Map(), isWhole: false, parts: [] };
}

type Reader = (calls: SegmentCalls, facts: AuditFields, claims: AuditFields) => void;

const READERS: { readonly [event: string]: Reader } = {
  __proto__: null as never,
  'daemon-start': forget,
  'daemon-stop': forget,
  'call-start': (calls, facts, claims) => {
    if (calls.open.size < OPEN_CALLS_MAXIMUM) calls.open.set(keyOf(facts, claims), callOf(facts, claims));
  },
  'call-end': close,
  interrupted: close,
  launch: (calls, facts, claims) => {
    // The intent names one that was there before its call.
    if (facts['for'] === 'pool' || facts['for'] === 'persistent') return;
    const key = keyOf(facts, claims);
    const call = calls.open.get(key);
    const launch = [numberOf(facts['launch'])];
    if (call === undefined) add(calls.launches, key, launch);
    else calls.open.set(key, { ...call, launches: [...call.launches, ...launch] });
  },
  'open-calls': (calls, facts, claims) => {
    if (facts['part'] === 1) calls.parts.length = 0;
    const said = listOf(claims['calls']);
    const known = listOf(facts['calls']);
    calls.parts.push(...known.map((one, index) => callOf(one, said[index] ?? {})));
    if (facts['part'] !== facts['parts'] || facts['count'] !== calls.parts.length) return;
    calls.open = new Map(calls.parts.map((call) => [`${call.session} ${call.call}`, call]));
    calls.closed.clear();
    calls.launches.clear();
    calls.isWhole = true;
  },
};

/** A line that is no record, or none of interest, is passed over: what is wrong with it is verify's to say. */
function take(calls: SegmentCalls, { bytes }: LogLine): boolean {
  const link = readLink(bytes);
  const read = link === null ? undefined : READERS[link.event];
  if (link === null || read === undefined || hashOfLine(bytes) !== link.hash) return true;
  const { facts, claims } = JSON.parse(bytes.toString('utf8')) as Record<'facts' | 'claims', AuditFields>;
  read(calls, facts, claims);
  return true;
}

function forget(calls: SegmentCalls): void {
  calls.open.clear();
  calls.closed.clear();
  calls.launches.clear();
  calls.isWhole = true;
}

function close(calls: SegmentCalls, facts: AuditFields, claims: AuditFields): void {
  const key = keyOf(facts, claims);
  calls.launches.delete(key);
  if (!calls.open.delete(key) && calls.closed.size < OPEN_CALLS_MAXIMUM) calls.closed.add(key);
}

/** Numbers of calls begin anew with each broker, those of sessions with each daemon: together they are one call's. */
function keyOf(facts: AuditFields, claims: AuditFields): string {
  return `${facts['session']} ${claims['call']}`;
}

function callOf(facts: AuditFields, claims: AuditFields): EarlierCall {
  const { session, uid, launch, launches = typeof launch === 'number' ? [launch] : [] } = facts;
  const { call, request_id: request, method, trace_id: trace, span_id: span } = claims;
  return {
    ...{ session: numberOf(session), uid: numberOf(uid), call: numberOf(call) },
    ...{ request: String(request), method: String(method), trace: String(trace), span: String(span) },
    ...{ launches: Array.isArray(launches) ? launches.map(numberOf) : [], run: null },
  };
}

function add(launches: Map<string, number[]>, key: string, numbers: readonly number[]): void {
  const known = launches.get(key);
  if (known !== undefined) known.push(...numbers);
  else if (launches.size < OPEN_CALLS_MAXIMUM) launches.set(key, [...numbers]);
}

function listOf(value: unknown): readonly AuditFields[] {
  return Array.isArray(value) ? value : [];
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : -1;
}
