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
  /** The first call of each id, and those that have one which was taken. */
  const named = new Map<RequestId, EarlyEnding>();
  const alike = new Map<EarlyEnding, RequestId>();

  function name(id: RequestId, call: EarlyEnding): void {
    if (named.has(id)) alike.set(call, id);
    else named.set(id, call);
  }

  function forget(id: RequestId, call: EarlyEnding): void {
    if (named.get(id) === call) named.delete(id);
    else alike.delete(call);
  }

  function* withId(id: RequestId): Generator<EarlyEnding> {
    const first = named.get(id);
    if (first !== undefined) yield first;
    for (const [call, its] of alike) if (its === id) yield call;
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
      const found = [...withId(id)].filter((call) => call !== except);
      for (const call of found) call.end('cancelled');
      return found.length > 0;
    },
    disconnect() {
      for (const call of [...calls]) call.end('disconnected');
    },
  };
}
