import { type AppendOutcome, FOUND } from './append-in-order.ts';
import { errnoMeaning, errnoWord } from './errno-word.ts';
import { StorageFailure } from './unavailable.ts';

/** An addition that stands. */
export type Appended = Extract<AppendOutcome, { failed: null }>;

/**
 * What came of an addition that did not fail.
 * @param left how long the log was left, in bytes
 * @throws StorageFailure where the addition failed
 */
export function appendedUnlessFailed(outcome: AppendOutcome, left: number): Appended {
  if (outcome.failed === null) return outcome;
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
