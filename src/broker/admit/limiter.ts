/** Calls in flight: per identity (a uid, over all its connections) and in all. */
export interface Limiter {
  /** Takes a place; null where none is free. Call the answer once to give it back. */
  take(uid: number, limits: InFlightLimits): (() => void) | null;
  readonly inFlight: number;
  /** Settles when no call is in flight. */
  whenIdle(): Promise<void>;
}

export interface InFlightLimits {
  readonly in_flight: number;
  readonly in_flight_per_identity: number;
}

export function createLimiter(): Limiter {
  const perIdentity = new Map<number, number>();
  const idle: (() => void)[] = [];
  let inFlight = 0;
  return {
    take(uid, limits) {
      const own = perIdentity.get(uid) ?? 0;
      if (inFlight >= limits.in_flight || own >= limits.in_flight_per_identity) return null;
      inFlight += 1;
      perIdentity.set(uid, own + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        inFlight -= 1;
        const left = (perIdentity.get(uid) ?? 1) - 1;
        if (left === 0) perIdentity.delete(uid);
        else perIdentity.set(uid, left);
        if (inFlight === 0) for (const settle of idle.splice(0)) settle();
      };
    },
    get inFlight() {
      return inFlight;
    },
    whenIdle: () => (inFlight === 0 ? Promise.resolve() : new Promise((settle) => idle.push(settle))),
  };
}
