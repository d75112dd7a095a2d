import { setImmediate as nextTurn } from 'node:timers/promises';

/** Work that stops here and there, so that others may be served in between, or until something is done elsewhere. */
export type Turns<Result> = Generator<Promise<void> | undefined, Result>;

/** So many bytes are scrubbed in one turn. */
export const TURN_BYTES = 16_384;

/** Does all of it now; none of it may be done elsewhere. */
export function atOnce<Result>(work: Turns<Result>): Result {
  let step = work.next();
  while (step.done !== true) {
    if (step.value !== undefined) throw new Error('Cannot do at once what is done elsewhere');
    step = work.next();
  }
  return step.value;
}

/** Does it turn by turn: whatever else waits comes in between. */
export async function inTurns<Result>(work: Turns<Result>): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    await (step.value ?? nextTurn());
  }
}
