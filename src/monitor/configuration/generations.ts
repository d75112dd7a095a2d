import type { Generation } from './load.ts';

/** How much longer than its longest launch a superseded generation is kept at most, in milliseconds. */
const GRACE_MS = 60_000;

/** The configurations that launches may name: the running one, one on offer, and those whose last calls still run. */
export interface Generations {
  readonly current: Generation;
  get(number: number): Generation | undefined;
  /** From here on a broker that has accepted it may name it. */
  offer(generation: Generation): void;
  withdraw(generation: Generation): void;
  /** Makes an offered one the running one. */
  take(generation: Generation): void;
  /** Forgets a superseded one. False where it is not older than the running one. */
  retire(number: number): boolean;
  /** Forgets all but the running one: the next broker knows no other. */
  keepCurrent(): void;
}

export function createGenerations(first: Generation): Generations {
  let current = first;
  let alive = new Map([[first.number, first]]);
  return {
    get current() {
      return current;
    },
    get: (number) => alive.get(number),
    offer: (generation) => void alive.set(generation.number, generation),
    withdraw: (generation) => void alive.delete(generation.number),
    take(generation) {
      const superseded = current;
      current = generation;
      alive.set(generation.number, generation);
      // A broker that never says "retired" keeps no grant alive for longer than its calls could run.
      const longest = Math.max(0, ...[...superseded.drivers.values()].map((plan) => plan.wallMs));
      setTimeout(() => alive.delete(superseded.number), longest + GRACE_MS).unref();
    },
    retire(number) {
      if (number >= current.number) return false;
      alive.delete(number);
      return true;
    },
    keepCurrent() {
      alive = new Map([[current.number, current]]);
    },
  };
}
