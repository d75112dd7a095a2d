import type { Accepted } from './exchange.ts';
import type { Generation } from './load.ts';

export interface ReloadSteps {
  /** Reads and checks everything. Throws where a file is not accepted. */
  load(number: number): Generation;
  /** Settles with what the broker says where it accepted, else with why not. */
  offer(generation: Generation): Promise<Accepted | string>;
  /** Does not reject. */
  taken(generation: Generation, accepted: Accepted): Promise<void>;
  /**
   * @param said what the broker said, which may be a lie; null where the reason is the monitor's own
   * @param cause what `load` threw; null where the broker refused
   */
  refused(why: string, said: string | null, cause: unknown): void;
}

/** Reloads everything or nothing. A storm of requests is one reload that runs and one that follows it (R9). */
export function createReloader(firstNumber: number, steps: ReloadSteps): () => Promise<void> {
  let lastNumber = firstNumber;
  let running: Promise<void> | undefined;
  let again = false;

  async function reloadOnce(): Promise<void> {
    let next: Generation;
    try {
      next = steps.load(lastNumber + 1);
    } catch (error) {
      return steps.refused(error instanceof Error ? error.message : 'unknown', null, error);
    }
    lastNumber += 1;
    const answer = await steps.offer(next);
    if (typeof answer === 'string') return steps.refused('the broker did not accept it', answer, null);
    await steps.taken(next, answer);
  }

  async function reloadUntilQuiet(): Promise<void> {
    try {
      do {
        again = false;
        await reloadOnce();
      } while (again);
    } finally {
      running = undefined;
    }
  }

  return () => {
    if (running !== undefined) again = true;
    running ??= reloadUntilQuiet();
    return running;
  };
}
