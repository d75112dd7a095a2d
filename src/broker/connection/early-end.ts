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

/** A plain object, since every call has one: an AbortSignal costs as much as reading a small message. */
export function createEarlyEnd(): EarlyEnding {
  let reason: EarlyEndReason | null = null;
  let heard: ((why: EarlyEndReason) => void) | null = null;
  return {
    get why() {
      return reason;
    },
    listen(listener) {
      heard = listener;
      if (reason !== null) listener?.(reason);
    },
    end(why) {
      if (reason !== null) return;
      reason = why;
      heard?.(why);
    },
  };
}
