import type { Generation } from './load.ts';

export interface ReloadSteps {
  /** Reads and checks everything. Throws where a file is not accepted. */
  load(number: number): Generation;
  /** Settles with null where the broker accepted, else with why not. */
  offer(generation: Generation): Promise<string | null>;
  taken(generation: Generation): Promise<unknown>;
  refused(why: string): void;
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
      return steps.refused(error instanceof Error ? error.message : 'unknown');
    }
    lastNumber += 1;
    const refused = await steps.offer(next);
    if (refused !== null) return steps.refused(refused);
    await steps.taken(next);
  }

  async function reloadUntilQuiet(): Promise<void> {
    do {
      again = false;
      await reloadOnce();
    } while (again);
    running = undefined;
  }

  return () => {
    if (running !== undefined) again = true;
    running ??= reloadUntilQuiet();
    return running;
  };
}
