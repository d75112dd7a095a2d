import type { Descriptor } from '../../posix/descriptor.ts';
import { killByPidfd } from '../../posix/pidfd.ts';
import { processHasEnded } from '../../posix/poll.ts';

/**
 * A sandbox's first process mostly ends some microseconds after its launcher. This thread waits for that so long, asleep:
 * where the two share a processor, whatever this one did meanwhile would hold that end up.
 */
const DEATH_AWAITED_MS = 1;
/** How often one that takes longer is looked at, in milliseconds. */
const DEATH_POLL_MS = 1;

/** Kills a sandbox's first process and waits a moment for its end: whether that came. */
export function isDeadSoon(pidfd: Descriptor | undefined): boolean {
  if (pidfd === undefined) return false;
  killByPidfd(pidfd.number);
  return processHasEnded(pidfd.number, DEATH_AWAITED_MS);
}

/** @param dead called at once where there is none */
export function whenDead(pidfd: Descriptor | undefined, dead: () => void): void {
  if (pidfd === undefined || processHasEnded(pidfd.number)) return dead();
  setTimeout(whenDead, DEATH_POLL_MS, pidfd, dead);
}
