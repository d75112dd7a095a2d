import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeHeadNote, HEAD_NOTE_FILE, type Head } from '../../../../src/shared/audit/head-note.ts';
import { NO_HASH, prepareRecord, sealRecord } from '../../../../src/shared/audit/record.ts';
import { makeSecret, publicKeyOf } from '../../../../src/shared/audit/seals/ed25519.ts';
import { encodeKeyBlock, KEY_BLOCK_FILE } from '../../../../src/shared/audit/seals/key-block.ts';
import { makeSealLine, parseSeal } from '../../../../src/shared/audit/seals/seal.ts';
import { compressedPath, sealsPath, segmentPath } from '../../../../src/shared/audit/segments.ts';

/** A log as the monitor writes it, with all its secrets, so that it can be laid out as it was at any of its records. */
export interface PlayedLog {
  /** Of all segments, without newlines; `lines[seq - 1]`. */
  readonly lines: readonly string[];
  /** Numbers of the records that segments begin with. */
  readonly begins: readonly number[];
  /** Without newlines; `seals[epoch - 1]`. */
  readonly seals: readonly string[];
  /** Of the epochs from 1 to the one that is open; `secrets[epoch]`. */
  readonly secrets: readonly Buffer[];
}

const boot = '00000000-0000-4000-8000-000000000000';
const TIME = '2026-01-02T03:04:05.678901Z';
const AT = { time: TIME, monotonicNanoseconds: '1', boot, host: 'db1', writer: 7 };

export interface Shape {
  readonly records: number;
  readonly sealEvery: number;
  readonly rotateEvery: number;
}

export function playLog({ records, sealEvery, rotateEvery }: Shape): PlayedLog {
  const lines: string[] = [];
  const begins = [1];
  const seals: string[] = [];
  const secrets = [Buffer.alloc(0), makeSecret()];
  for (let seq = 1; seq <= records; seq += 1) {
    const epoch = seals.length + 1;
    if (seq % sealEvery === 0) {
      const next = makeSecret();
      secrets.push(next);
      lines.push(recordLine(lines, 'seal', { epoch, next_key: publicKeyOf(next).toString('base64') }));
      seals.push(sealLine(lines, seals, seq, secrets[epoch] ?? Buffer.alloc(0), next));
    } else if (seq % rotateEvery === 0) {
      begins.push(seq);
      lines.push(recordLine(lines, 'rotation', { why: 'size' }));
    } else {
      lines.push(recordLine(lines, seq === 1 ? 'daemon-start' : 'session', { session: seq, uid: 1000 }));
    }
  }
  return { lines, begins, seals, secrets };
}

/** A record that follows `lines`. */
export function recordLine(
  lines: readonly string[],
  event: string,
  facts: Parameters<typeof prepareRecord>[2],
  writer = AT.writer,
): string {
  const { line } = sealRecord(
    prepareRecord({ ...AT, writer }, event, facts, {}),
    lines.length + 1,
    hashOf(lines.at(-1)),
  );
  return line.slice(0, -1);
}

/** The record `seq` of `lines`, changed by `change` and chained anew, and all behind it. */
export function rechained(
  lines: readonly string[],
  seq: number,
  change: (facts: string) => string,
): string[] {
  const result = lines.slice(0, seq - 1);
  for (const line of lines.slice(seq - 1)) {
    const { event, facts } = JSON.parse(line);
    const changed = result.length === seq - 1 ? JSON.parse(change(JSON.stringify(facts))) : facts;
    result.push(recordLine(result, event, changed));
  }
  return result;
}

/** A seal of record `seq` behind `seals`, signed by `secret`. */
export function sealLine(
  lines: readonly string[],
  seals: readonly string[],
  seq: number,
  secret: Buffer,
  next: Buffer,
): string {
  const prev = parseSeal(Buffer.from(seals.at(-1) ?? ''))?.lineHash ?? NO_HASH;
  const content = { epoch: seals.length + 1, seq, hash: hashOf(lines[seq - 1]), time: TIME };
  return makeSealLine({ ...content, next: publicKeyOf(next), prev }, secret)
    .toString()
    .slice(0, -1);
}

function hashOf(line: string | undefined): string {
  return line === undefined ? NO_HASH : line.slice(-2 - 64, -2);
}

/** The log as it was when record `last` had been written, with the seals that stood then. */
export function cutBack({ lines, begins, seals, secrets }: PlayedLog, last: number): PlayedLog {
  const kept = seals.filter((line) => (parseSeal(Buffer.from(line))?.seq ?? 0) <= last);
  return {
    lines: lines.slice(0, last),
    begins: begins.filter((seq) => seq <= last),
    seals: kept,
    secrets: secrets.slice(0, kept.length + 2),
  };
}

export interface LaidOut {
  readonly path: string;
  readonly state: string;
}

/** Where the files of a log go. */
export function placesIn(folder: string): LaidOut {
  mkdirSync(join(folder, 'log'), { recursive: true });
  mkdirSync(join(folder, 'state'), { recursive: true, mode: 0o700 });
  return { path: join(folder, 'log/audit.jsonl'), state: join(folder, 'state') };
}

/** Writes segments (all but the last two compressed) and seals. */
export function layOutLog(
  { path }: LaidOut,
  { lines, begins, seals }: Pick<PlayedLog, 'lines' | 'begins' | 'seals'>,
): void {
  for (const [index, first] of begins.entries()) {
    const end = begins[index + 1] ?? lines.length + 1;
    const text = textOf(lines.slice(first - 1, end - 1));
    const closed = segmentPath(path, first);
    if (index === begins.length - 1) writeFileSync(path, text);
    else if (index === begins.length - 2) writeFileSync(closed, text);
    else writeFileSync(compressedPath(closed), gzipSync(text, { level: 1 }));
  }
  writeFileSync(sealsPath(path), textOf(seals));
}

/** Writes what the monitor's state then holds. */
export function layOutState({ state }: LaidOut, { lines, begins, seals, secrets }: PlayedLog): void {
  const segment = begins.at(-1) ?? 1;
  const bytes = Buffer.byteLength(textOf(lines.slice(segment - 1)));
  const head: Head = { seq: lines.length, hash: hashOf(lines.at(-1)), bytes };
  writeFileSync(
    join(state, HEAD_NOTE_FILE),
    encodeHeadNote({ boot, segment, durable: head, standing: head, writing: null }),
  );
  const block = encodeKeyBlock({
    ...{ machine: null, epoch: seals.length + 1, secret: secrets[seals.length + 1] ?? Buffer.alloc(0) },
    prev: parseSeal(Buffer.from(seals.at(-1) ?? ''))?.lineHash ?? NO_HASH,
    ...{ bytes: Buffer.byteLength(textOf(seals)), pending: null },
  });
  writeFileSync(join(state, KEY_BLOCK_FILE), block, { mode: 0o600 });
}

function textOf(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
