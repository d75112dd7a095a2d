/** Why a call is to end before it has ended by itself: `rpc.cancel` named it, or its caller has gone. */
export type EarlyEndReason = 'cancelled' | 'disconnected';

/** Tells one call that it is to end early. The first reason stays. */
export interface EarlyEnd {
  /** null: nobody wants that. */
  readonly why: EarlyEndReason | null;
  /**
   * Has `listener` called when it is to end, at once where it is already. A call is in one stage at a time, so there is one
   * listener: a new one takes the place of the one before; null: nobody listens.
   */
  listen(listener: ((why: EarlyEndReason) => void) | null): void;
}

/** An early end, and what brings it about. */
export interface EarlyEnding extends EarlyEnd {
  end(why: EarlyEndReason): void;
}

type Mutable<Of> = { -readonly [Field in keyof Of]: Of[Field] };

/** A plain object, since every call has one: an AbortSignal costs as much as reading a small message. */
export function createEarlyEnd(): EarlyEnding {
  let heard: ((why: EarlyEndReason) => void) | null = null;
  // Not with a getter: V8 keeps an object with one of its own as a hash table.
  const early: Mutable<EarlyEnding> = {
    why: null,
    listen(listener) {
      heard = listener;
      if (early.why !== null) listener?.(early.why);
    },
    end(why) {
      if (early.why !== null) return;
      early.why = why;
      heard?.(why);
    },
  };
  return early;
}
