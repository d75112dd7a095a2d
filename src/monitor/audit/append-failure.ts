import { type AppendOutcome, FOUND } from './append-in-order.ts';
import { errnoMeaning, errnoWord } from './errno-word.ts';
import { StorageFailure } from './unavailable.ts';

/**
 * Whether the head note says again that nothing is being written.
 * @param left how long the log was left, in bytes
 * @throws StorageFailure where the addition failed
 */
export function settledUnlessFailed(outcome: AppendOutcome, left: number): boolean {
  if (outcome.failed === null) return outcome.isSettled;
  if (outcome.failed === 'changed') throw changed(outcome.found, left);
  const code = errnoWord(outcome.errno);
  const message = `${code}: ${errnoMeaning(outcome.errno)}, ${outcome.failed}`;
  throw new StorageFailure(outcome.failed, message, Object.assign(new Error(message), { code }));
}

/**
 * The log is not as it was left.
 * @param found its length, or one of FOUND
 * @param left how long it was left
 */
export function changed(found: number, left: number): StorageFailure {
  return new StorageFailure('changed', whyChanged(found, left));
}

function whyChanged(found: number, left: number): string {
  if (found === FOUND.nothing) return 'the log is gone';
  if (found === FOUND.anotherFile) return 'another file stands in the place of the log';
  return `the log is ${found} bytes long where ${left} were left`;
}
