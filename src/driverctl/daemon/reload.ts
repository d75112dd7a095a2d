import { parseJson } from '../../shared/json/parse.ts';
import { JsonRefused } from '../../shared/json/refusal.ts';
import { isJsonObject } from '../../shared/json-value.ts';
import { followLog, type LogPlace } from '../audit/follow-log.ts';
import { placeOfLastLines } from '../audit/last-lines.ts';
import { reasonOf } from '../failure.ts';
import { hangUpDaemon } from './running-daemon.ts';

/** How long to look for the daemon's answer, in milliseconds: longer than it waits for its broker's. */
const ANSWER_WITHIN_MS = 50_000;
const POLL_MS = 50;
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
  const from = await endOfLog(log);
  const notAsked = hangUp(stateFolder);
  if (notAsked !== null) return notAsked;
  return typeof from === 'string' ? { state: 'asked', why: from } : readAnswer(log, from);
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

/** Where the log ends, or why it cannot be read. */
async function endOfLog(log: string): Promise<LogPlace | string> {
  try {
    return await placeOfLastLines(log, 0);
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'Error') throw error;
    return `the audit log ${log} cannot be read: ${reasonOf(error)}`;
  }
}

/** The signal is out by now: a log that cannot be read leaves open what came of it. */
async function readAnswer(path: string, from: LogPlace): Promise<Reload> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  try {
    for await (const item of followLog({ path, from, signal, pollMs: POLL_MS })) {
      const answer = item.kind === 'record' ? answerIn(item.line) : null;
      if (answer !== null) return answer;
    }
    return { state: 'asked', why: `it has not answered within ${ANSWER_WITHIN_MS / 1000} seconds` };
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { state: 'asked', why: `the audit log cannot be read: ${reasonOf(error)}` };
  }
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
