import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import {
  type AuditLog,
  type AuditLogOptions,
  type AuditSettings,
  openAuditLog,
} from '../../../src/monitor/audit/log.ts';
import { HEAD_NOTE_FILE } from '../../../src/shared/audit/head-note.ts';
import { prepareRecord, sealRecord } from '../../../src/shared/audit/record.ts';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { type VerifyResult, verifyLog } from '../../../src/shared/audit/verify.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';
import { startAppendingThread } from '../../support/appending-thread.ts';

const SETTINGS = auditSettings();

/** A log and its state folder, below a folder that is removed when the test has ended. */
export interface Places {
  readonly folder: string;
  readonly path: string;
  readonly head: string;
  open(options?: Partial<AuditLogOptions>): Promise<AuditLog>;
  verify(): Promise<VerifyResult>;
  /** Of the file that is written to. */
  bytes(): Buffer;
  lines(): string[];
  /** Of all segments. */
  allLines(): Promise<string[]>;
}

/** What driverd.yaml says of the log where it says nothing but this. */
export function auditSettings(more: Partial<AuditSettings> = {}): AuditSettings {
  return {
    ...parseSettings('driverd.yaml', Buffer.from('version: 1\n')).audit,
    reserve_bytes: 16_384,
    ...more,
  };
}

export function makePlaces(folder = makeFolder()): Places {
  const path = join(folder, 'audit.jsonl');
  const head = join(folder, HEAD_NOTE_FILE);
  return {
    folder,
    path,
    head,
    open: ({ appender = startAppendingThread(path), ...options } = {}) =>
      openAuditLog({
        ...{ path, stateFolder: folder, settings: () => SETTINGS, appender, retryMs: 20 },
        ...options,
      }),
    verify: () => verifyLog(path, head, { rereads: 1 }),
    bytes: () => readFileSync(path),
    lines: () => linesOf(readFileSync(path)),
    async allLines() {
      const segments = await listSegments(path);
      return segments.flatMap(({ path: name, isCompressed }) => {
        const bytes = readFileSync(name);
        return linesOf(isCompressed ? gunzipSync(bytes) : bytes);
      });
    },
  };
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\n').slice(0, -1);
}

export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A log of `count` records, closed as a daemon closes it. */
export async function makeLog(count: number): Promise<Places> {
  const places = makePlaces();
  await extend(places, count);
  return places;
}

/** Runs a daemon's worth of `count` more records. */
export async function extend(places: Places, count: number): Promise<void> {
  const log = await places.open();
  for (let number = 1; number <= count; number += 1) {
    await log.append('session', { session: number, uid: 1000 }, { reason: `r${number}` }, number % 2 === 0);
  }
  await log.close();
}

/** Writes the log anew, line by line. */
export function rewrite(places: Places, lines: readonly string[]): void {
  writeFileSync(places.path, lines.map((line) => `${line}\n`).join(''));
}

/** A record that follows `line` as one of the monitor's own would, made by somebody else. */
export function forgeNext(line: string | undefined, uid = 0): string {
  const { seq, hash, boot, host } = JSON.parse(line ?? '') as {
    [Name in 'hash' | 'boot' | 'host']: string;
  } & { seq: number };
  const at = { time: '2026-01-02T03:04:05.678901Z', monotonicNanoseconds: '1', boot, host, writer: 1 };
  return sealRecord(prepareRecord(at, 'session', { session: 1, uid }, {}), seq + 1, hash).line.slice(0, -1);
}

/** Reseals a changed record and every one after it, as a forger without the head note can. */
export function rechain(
  lines: readonly string[],
  changed: number,
  change: (line: string) => string,
): string[] {
  let prev = '';
  return lines.map((line, index) => {
    const body = (index === changed ? change(line) : line).replace(
      /,"prev":"[0-9a-f]{64}","hash":"[0-9a-f]{64}"\}$/,
      '',
    );
    const record = JSON.parse(`${body}}`) as Record<string, never>;
    const { prev: before, seq } = JSON.parse(line) as { prev: string; seq: number };
    const at = {
      time: record['time'] ?? '',
      monotonicNanoseconds: record['monotonic_ns'] ?? '',
      boot: record['boot'] ?? '',
      host: record['host'] ?? '',
      writer: record['writer'] ?? 1,
    };
    const prepared = prepareRecord(at, record['event'] ?? '', record['facts'] ?? {}, record['claims'] ?? {});
    const sealed = sealRecord(prepared, seq, index <= changed ? before : prev);
    prev = sealed.hash;
    return sealed.line.slice(0, -1);
  });
}
