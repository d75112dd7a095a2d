import { mayTellEnd } from '../audit/call-outcome.ts';
import { auditLogPath } from '../audit/places.ts';
import { glanceAtRecord } from '../audit/record-view.ts';
import { methodIn, uidIn } from '../audit/record-words.ts';
import { scanLog } from '../audit/scan-log.ts';
import type { Invocation } from '../invocation.ts';

/** Most pairs of user and method that are remembered. */
const MOST_PAIRS = 100_000;

/** When a user last called a method that ran, as the audit log says (ISO 8601); null: it does not. */
export interface LastUsed {
  of(uid: number, method: string): string | null;
  /** Users who called it, newest first. */
  by(method: string): readonly { readonly uid: number; readonly time: string }[];
}

/** Reads the audit log. null where it cannot be read by this user, or is not on this host. */
export async function readLastUsed(invocation: Invocation): Promise<LastUsed | null> {
  const times = new Map<string, Map<number, string>>();
  let pairs = 0;
  function note(uid: number | null, method: string | null, time: string | null): void {
    if (uid === null || method === null || time === null) return;
    const users = times.get(method) ?? new Map<number, string>();
    if (!users.has(uid)) pairs += 1;
    if (pairs > MOST_PAIRS) return;
    times.set(method, users.set(uid, time));
  }
  const range = { since: null, until: null };
  try {
    await scanLog({ path: auditLogPath(invocation), range, needles: null }, (line) => {
      const view = mayTellEnd(line) ? glanceAtRecord(line) : null;
      if (view?.event === 'call-end') note(uidIn(view), methodIn(view), view.time);
      return true;
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
  return {
    of: (uid, method) => times.get(method)?.get(uid) ?? null,
    by: (method) =>
      [...(times.get(method) ?? [])]
        .map(([uid, time]) => ({ uid, time }))
        .toSorted((one, other) => (one.time < other.time ? 1 : -1)),
  };
}
