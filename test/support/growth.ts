/** Best of how many rounds counts: the least disturbed one. */
const ROUNDS = 5;
/** A growth that looks too large is measured in so many more rounds: a busy machine disturbs all of a few. */
const ROUNDS_AT_MOST = 30;
/** Between 8, where work is linear, and 64, where it is quadratic. */
const LOOKS_LINEAR = 14;
/** Under this many microseconds a time is mostly noise, and counts as this. */
const SHORTEST_MICROSECONDS = 1_000;

/** What one run takes of the processor, in microseconds. */
function once(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Math.max(SHORTEST_MICROSECONDS, user + system);
}

/**
 * The processor time that the work takes, in microseconds, so that what else runs on the machine does not count. (Of the
 * process: that of the thread alone is told in steps of the kernel's clock.)
 */
export function processorTime(work: () => void): number {
  return Math.min(...Array.from({ length: ROUNDS }, () => once(work)));
}

/**
 * How often longer the work takes on an input of eight times the length: about 8 where it is linear, 64 where it is
 * quadratic. Both are measured in turn in the same run, the best time of each counts.
 * @param work on an input of so many units
 */
export function growth(units: number, work: (units: number) => void): number {
  processorTime(() => work(units));
  let [short, long] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS_AT_MOST; round += 1) {
    if (round >= ROUNDS && long / short < LOOKS_LINEAR) break;
    short = Math.min(
      short,
      once(() => work(units)),
    );
    long = Math.min(
      long,
      once(() => work(8 * units)),
    );
  }
  return long / short;
}
