/** Best of how many runs counts: the least disturbed one. */
const RUNS = 3;
/** Under this many milliseconds a time is mostly noise, and counts as this. */
const SHORTEST_MS = 1;

/**
 * How often longer the work takes on an input of eight times the length: about 8 where it is linear, 64 where it is
 * quadratic. Both times are measured in the same run, so that the machine's speed does not count.
 * @param work on an input of so many units
 */
export function growth(units: number, work: (units: number) => void): number {
  function time(size: number): number {
    const runs = Array.from({ length: RUNS }, () => {
      const started = performance.now();
      work(size);
      return performance.now() - started;
    });
    return Math.min(...runs);
  }
  time(units);
  return time(8 * units) / Math.max(SHORTEST_MS, time(units));
}
