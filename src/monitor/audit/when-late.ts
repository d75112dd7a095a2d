/** A timer that fires so much too late, in milliseconds, tells that this process itself stood still. */
const STOOD_STILL_MS = 1000;

/**
 * Calls `late` where a step takes longer than so many milliseconds. A process that stood still (its machine was paused or
 * moved, its processors taken away) finds timer and answer due at once, and that says nothing of the disk: then it waits as
 * long once more, and no longer than that.
 * @returns ends the waiting
 */
export function whenLate(ms: number, late: () => void): () => void {
  const due = performance.now() + ms;
  let timer = setTimeout(() => {
    if (performance.now() - due < STOOD_STILL_MS) late();
    else timer = setTimeout(late, ms);
  }, ms);
  return () => clearTimeout(timer);
}
