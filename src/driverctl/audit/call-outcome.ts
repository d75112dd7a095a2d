import type { RecordView } from './record-view.ts';
import { endIn } from './record-words.ts';

/** What came of a call, coarsely. */
export type Outcome = 'ok' | 'failed' | 'denied' | 'invalid' | 'refused';

export interface CallEnd {
  readonly outcome: Outcome;
  /** The word that records have for it; null where a record lacks it. */
  readonly word: string | null;
}

/** Events that tell what came of calls. */
const COUNTED: ReadonlySet<string> = new Set([
  ...['call-end', 'interrupted', 'denied', 'invalid', 'refused', 'refusals'],
]);
const EVENT_KEY = '"event":"';
const QUOTE = 0x22;

/** Whether a line is about what came of calls, as far as a look at its event tells: most lines are not. */
export function mayTellEnd(line: Buffer): boolean {
  const start = line.indexOf(EVENT_KEY) + EVENT_KEY.length;
  return COUNTED.has(line.toString('latin1', start, line.indexOf(QUOTE, start)));
}

/** Reasons of refusals, as they are counted in a flood, whose end has another word. */
const END_OF_REASON: ReadonlyMap<string, string> = new Map([
  ['forbidden', 'denied'],
  ['method-not-found', 'denied'],
  ['parse-error', 'invalid'],
  ['invalid-request', 'invalid'],
  ['invalid-params', 'invalid'],
  ['message-too-large', 'invalid'],
  ['http-not-spoken', 'invalid'],
  ['message-timeout', 'timeout'],
  ['too-many-connections', 'overloaded'],
  ['rate-limited', 'overloaded'],
  ['driver-unavailable', 'overloaded'],
]);

/** What a record says of a call's end; null: it is about something else. */
export function callEnd(view: RecordView): CallEnd | null {
  const word = endIn(view);
  switch (view.event) {
    case 'call-end':
      return { outcome: word === 'ok' ? 'ok' : 'failed', word };
    case 'interrupted':
      return { outcome: 'failed', word };
    case 'denied':
    case 'invalid':
    case 'refused':
      return { outcome: outcomeOfRefusal(word ?? view.event), word };
    default:
      return null;
  }
}

/** What refusals count as that were counted by their reason; null: they were of launches or sessions, and no calls. */
export function refusalEnd(reason: string): CallEnd | null {
  if (/^(?:launch|session) /.test(reason)) return null;
  const word = END_OF_REASON.get(reason) ?? reason;
  return { outcome: outcomeOfRefusal(word), word };
}

function outcomeOfRefusal(word: string): Outcome {
  return word === 'denied' || word === 'invalid' ? word : 'refused';
}
