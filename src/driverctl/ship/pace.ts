import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { SinkLost } from './sink.ts';

/** So long it is looked at in every turn of the event loop: most receivers answer within it, and a timer is longer. */
const SPIN_MS = 1;
const FIRST_SLEEP_MS = 1;
const LONGEST_SLEEP_MS = 50;

/** Waits for what no event tells: `isSo` is asked ever less often. Rejects with `SinkLost` once `signal` is aborted. */
export async function until(isSo: () => boolean, signal: AbortSignal): Promise<void> {
  const spinsUntil = performance.now() + SPIN_MS;
  for (let pause = FIRST_SLEEP_MS; !isSo(); ) {
    if (signal.aborted) throw new SinkLost('Cannot ship: it was stopped');
    if (performance.now() < spinsUntil) {
      await turn();
      continue;
    }
    await sleep(pause);
    pause = Math.min(2 * pause, LONGEST_SLEEP_MS);
  }
}
