import type { RequestId } from '../frame/envelope.ts';
import { createEarlyEnd, type EarlyEnd, type EarlyEnding } from './early-end.ts';

/** The calls of one connection that have no reply yet: nobody else can name them (Z8). */
export interface CallsUnderWay {
  /** @param id undefined: a notification, which nothing can name */
  begin(id: RequestId | undefined): CallUnderWay;
  /**
   * Cancels the calls with this id: all of them, where the caller gave it to several at once. The specification leaves ids to
   * the caller (section 4), so that is not refused.
   * @param except the one that asks
   * @returns whether there was one
   */
  cancel(id: RequestId, except: EarlyEnd): boolean;
  /** The caller has gone. */
  disconnect(): void;
}

export interface CallUnderWay {
  readonly early: EarlyEnd;
  /** It has its reply. */
  replied(): void;
}

export function createCallsUnderWay(): CallsUnderWay {
  const calls = new Set<EarlyEnding>();
  const named = new Map<RequestId, Set<EarlyEnding>>();

  function name(id: RequestId, call: EarlyEnding): void {
    const same = named.get(id);
    if (same === undefined) named.set(id, new Set([call]));
    else same.add(call);
  }

  function forget(id: RequestId, call: EarlyEnding): void {
    const same = named.get(id);
    if (same?.delete(call) && same.size === 0) named.delete(id);
  }

  return {
    begin(id) {
      const early = createEarlyEnd();
      calls.add(early);
      if (id !== undefined) name(id, early);
      return {
        early,
        replied() {
          calls.delete(early);
          if (id !== undefined) forget(id, early);
        },
      };
    },
    cancel(id, except) {
      const found = [...(named.get(id) ?? [])].filter((call) => call !== except);
      for (const call of found) call.end('cancelled');
      return found.length > 0;
    },
    disconnect() {
      for (const call of [...calls]) call.end('disconnected');
    },
  };
}
