import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import type { AuditFields } from '../../../src/shared/audit/fields.ts';
import { NO_HASH, prepareRecord, sealRecord } from '../../../src/shared/audit/record.ts';
import { compressedPath, segmentPath } from '../../../src/shared/audit/segments.ts';

const BOOT = 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f';
const SECOND_MS = 1000;

/** A record that a test wants in a log. */
export interface Wanted {
  readonly event?: string;
  readonly facts?: AuditFields;
  readonly claims?: AuditFields;
  /** ISO 8601 with microseconds; a second after the record before, where it is left out. */
  readonly time?: string;
}

/** A log as a monitor writes, rotates, compresses and removes it, one step at a time. */
export interface PlayedLog {
  readonly folder: string;
  readonly path: string;
  readonly seq: number;
  /** Appends records; returns their lines without newlines. */
  add(...wanted: readonly Wanted[]): string[];
  addMany(count: number): string[];
  addBytes(bytes: string | Buffer): void;
  /** Closes the file that is written to; returns the path of the closed one. */
  rotate(): string;
  compress(segment: string): void;
  remove(segment: string): void;
  /** Begins another chain in an empty file, as a reset does. */
  beginAnew(): void;
}

export function playLog(): PlayedLog {
  const folder = mkdtempSync(join(tmpdir(), 'driverctl-log-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'audit.jsonl');
  let seq = 0;
  let prev = NO_HASH;
  let first = 1;
  let clock = Date.parse('2026-01-02T03:00:00Z');
  writeFileSync(path, '');

  function lineOf({
    event = 'session',
    facts = { session: 1, uid: 1000 },
    claims = {},
    time,
  }: Wanted): string {
    clock = time === undefined ? clock + SECOND_MS : Date.parse(time);
    const at = {
      time: time ?? new Date(clock).toISOString().replace('Z', '000Z'),
      monotonicNanoseconds: String(clock * 1_000_000),
      ...{ boot: BOOT, host: 'web-1', writer: 4711 },
    };
    seq += 1;
    const { line, hash } = sealRecord(prepareRecord(at, event, facts, claims), seq, prev);
    prev = hash;
    return line;
  }

  function add(...wanted: readonly Wanted[]): string[] {
    const lines = wanted.map(lineOf);
    appendFileSync(path, lines.join(''));
    return lines.map((line) => line.slice(0, -1));
  }

  return {
    folder,
    path,
    get seq() {
      return seq;
    },
    add,
    addMany: (count) => add(...Array.from({ length: count }, () => ({}))),
    addBytes: (bytes) => appendFileSync(path, bytes),
    rotate() {
      const closed = segmentPath(path, first);
      renameSync(path, closed);
      first = seq + 1;
      writeFileSync(path, '');
      return closed;
    },
    compress(segment) {
      writeFileSync(`${compressedPath(segment)}.new`, gzipSync(readFileSync(segment)));
      renameSync(`${compressedPath(segment)}.new`, compressedPath(segment));
      rmSync(segment);
    },
    remove: (segment) => rmSync(segment),
    beginAnew() {
      rmSync(path);
      writeFileSync(path, '');
      seq = 0;
      prev = NO_HASH;
      first = 1;
    },
  };
}
