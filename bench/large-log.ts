import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { AuditFields } from '../src/shared/audit/fields.ts';
import { NO_HASH, prepareRecord, sealRecord } from '../src/shared/audit/record.ts';
import { compressedPath, segmentPath } from '../src/shared/audit/segments.ts';

const RECORDS_PER_CALL = 4;
const RECORDS_PER_WRITE = 10_000;
/** Of the closed segments, those that are compressed; the rest and the file that is written to are plain. */
const COMPRESSED_SHARE = 0.5;
const BEGAN_AT = Date.parse('2026-01-02T00:00:00Z');
const RECORD_MS = 5;

export interface LargeLog {
  readonly path: string;
  readonly bytesPerRecord: number;
  /** The id of a call in the middle of it. */
  readonly requestId: string;
}

function requestIdOf(call: number): string {
  return `01890a5d-ac96-774b-bcce-${String(call).padStart(12, '0')}`;
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The records of one call. */
function recordsOf(call: number): (readonly [string, AuditFields, AuditFields])[] {
  const [session, uid] = [Math.ceil(call / 100), 1000 + (call % 7)];
  const own = {
    call,
    request_id: requestIdOf(call),
    method: call % 2 === 0 ? 'disk.usage' : 'service.restart',
  };
  const stages = { intent: 300, launch: 4_000, run: 12_000, total: 16_000 + (call % 5_000) };
  return [
    [
      'call-start',
      { session, uid, generation: 1 },
      { ...own, decision: 'permit', policies: ['ops-may-look'], params_hash: digestOf(String(call)) },
    ],
    ['launch', { launch: call, session, for: 'call', isolation: { way: 'user-namespace' } }, { call }],
    ['launch-end', { launch: call, session, end: 'exit', exit_status: 0 }, {}],
    [
      'call-end',
      { session, uid, launches: [call], stages_us: stages },
      { ...own, outcome: 'ok', end_reason: 'ok' },
    ],
  ];
}

/** Makes a log of about so many records in several segments, half of the closed ones compressed. */
export function makeLargeLog(folder: string, records: number, segments: number): LargeLog {
  const path = join(folder, 'audit.jsonl');
  const closed: string[] = [];
  let [seq, prev, first, bytes] = [0, NO_HASH, 1, 0];
  let waiting: string[] = [];
  writeFileSync(path, '');

  function write(): void {
    appendFileSync(path, waiting.join(''));
    waiting = [];
  }
  for (let call = 1; seq < records; call += 1) {
    for (const [event, facts, claims] of recordsOf(call)) {
      seq += 1;
      const ms = BEGAN_AT + seq * RECORD_MS;
      const time = new Date(ms).toISOString().replace('Z', '000Z');
      const boot = 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f';
      const origin = {
        time,
        monotonicNanoseconds: String(ms * 1_000_000),
        boot,
        host: 'bench',
        writer: 4711,
      };
      const { line, hash } = sealRecord(prepareRecord(origin, event, facts, claims), seq, prev);
      prev = hash;
      bytes += line.length;
      waiting.push(line);
    }
    if (waiting.length >= RECORDS_PER_WRITE) write();
    if (seq - first >= records / segments) {
      write();
      closed.push(segmentPath(path, first));
      renameSync(path, segmentPath(path, first));
      first = seq + 1;
    }
  }
  write();
  for (const segment of closed.slice(0, Math.floor(closed.length * COMPRESSED_SHARE))) {
    writeFileSync(compressedPath(segment), gzipSync(readFileSync(segment)));
    rmSync(segment);
  }
  return {
    path,
    bytesPerRecord: bytes / seq,
    requestId: requestIdOf(Math.floor(records / RECORDS_PER_CALL / 2)),
  };
}
