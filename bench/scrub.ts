import type { Figure, Row } from './pairs.ts';
import { accuracyOfScrubbing } from './scrub/accuracy.ts';
import { timeOfHostileOutputs } from './scrub/hostile.ts';
import { speedOfScrubbing } from './scrub/speed.ts';

/** What the scrubber finds, what it leaves alone, how fast it is, and what the worst of texts cost it. */
export async function benchScrub(): Promise<readonly (Row | Figure)[]> {
  return [...accuracyOfScrubbing(), ...speedOfScrubbing(), ...timeOfHostileOutputs()];
}
