/** Best of how many runs counts: the least disturbed one. */
const RUNS = 5;
/** Under this many microseconds a time is mostly noise, and counts as this. */
const SHORTEST_MICROSECONDS = 1_000;

/**
 * The processor time that the work takes, in microseconds, so that what else runs on the machine does not count. (Of the
 * process: that of the thread alone is told in steps of the kernel's clock.)
 */
export function processorTime(work: () => void): number {
  const runs = Array.from({ length: RUNS }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return user + system;
  });
  return Math.max(SHORTEST_MICROSECONDS, Math.min(...runs));
}

/**
 * How often longer the work takes on an input of eight times the length: about 8 where it is linear, 64 where it is
 * quadratic. Both are measured in the same run.
 * @param work on an input of so many units
 */
export function growth(units: number, work: (units: number) => void): number {
  processorTime(() => work(units));
  return processorTime(() => work(8 * units)) / processorTime(() => work(units));
}
