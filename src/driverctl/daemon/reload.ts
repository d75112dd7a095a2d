import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject } from '../../shared/json-value.ts';
import { createLineReader } from '../client/line-reader.ts';
import { reasonOf } from '../failure.ts';
import { hangUpDaemon } from './running-daemon.ts';

/** How long to look for the daemon's answer, in milliseconds. */
const ANSWER_WITHIN_MS = 20_000;
const POLL_MS = 50;
const CHUNK_BYTES = 64 * 1024;
/** No record comes near this (LINE_BYTES_MAXIMUM of the log). */
const LINE_LIMIT_BYTES = 1024 * 1024;
const RECORD_LIMITS = { depth: 32, keys: 10_000 };

/** What came of asking the daemon to reload. */
export type Reload =
  | { readonly state: 'reloaded' | 'no daemon runs' }
  /** It was asked, and what came of it was not seen. */
  | { readonly state: 'asked'; readonly why: string }
  /** It keeps the configuration that it had. */
  | { readonly state: 'refused'; readonly why: string }
  /** It could not be asked. */
  | { readonly state: 'not asked'; readonly why: string };

/**
 * Has the daemon reload where one runs, and reads in the audit log what came of it. It is asked also where no file
 * was changed: an earlier run may have been cut off before it asked.
 * @param log the audit log
 */
export async function reloadDaemon(stateFolder: string, log: string): Promise<Reload> {
  const file = await openLog(log);
  try {
    const from = typeof file === 'string' ? 0 : (await file.stat()).size;
    const notAsked = hangUp(stateFolder);
    if (notAsked !== null) return notAsked;
    return typeof file === 'string' ? { state: 'asked', why: file } : await readAnswer(file, from);
  } finally {
    if (typeof file !== 'string') await file.close();
  }
}

/** Why the daemon was not asked, or null. */
function hangUp(stateFolder: string): Reload | null {
  try {
    return hangUpDaemon(stateFolder) ? null : { state: 'no daemon runs' };
  } catch (error) {
    // The system's errors and libc's have a code; anything else is a fault of driverctl.
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { state: 'not asked', why: reasonOf(error) };
  }
}

/** The log, or why it cannot be read. */
async function openLog(log: string): Promise<FileHandle | string> {
  try {
    return await open(log);
  } catch (error) {
    return `the audit log ${log} cannot be read: ${reasonOf(error)}`;
  }
}

/** The signal is out by now: a log that cannot be read leaves open what came of it. */
async function readAnswer(file: FileHandle, from: number): Promise<Reload> {
  try {
    return await findAnswer(file, from);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { state: 'asked', why: `the audit log cannot be read: ${reasonOf(error)}` };
  }
}

async function findAnswer(file: FileHandle, from: number): Promise<Reload> {
  const lines = createLineReader(LINE_LIMIT_BYTES);
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const giveUpAt = performance.now() + ANSWER_WITHIN_MS;
  for (let position = from; performance.now() < giveUpAt; ) {
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, position);
    position += bytesRead;
    for (const line of lines.push(Buffer.from(chunk.subarray(0, bytesRead)))) {
      const answer = answerIn(line);
      if (answer !== null) return answer;
    }
    if (bytesRead === 0) await sleep(POLL_MS);
  }
  return { state: 'asked', why: `it has not answered within ${ANSWER_WITHIN_MS / 1000} seconds` };
}

function answerIn(line: Buffer): Reload | null {
  try {
    const record = parseJson(line, RECORD_LIMITS);
    if (!isJsonObject(record)) return null;
    if (record['event'] === 'reload') return { state: 'reloaded' };
    if (record['event'] !== 'reload-refused') return null;
    const { facts, claims } = record;
    const reasons = [
      isJsonObject(facts) ? facts['reason'] : undefined,
      isJsonObject(claims) ? claims['said'] : undefined,
    ].filter((reason) => typeof reason === 'string');
    return { state: 'refused', why: reasons.join(': ') };
  } catch (error) {
    if (error instanceof JsonRefused) return null;
    throw error;
  }
}
