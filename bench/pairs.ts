/** One comparison: ours against a peer, measured in turn in the same run. */
export interface Row {
  readonly name: string;
  /** Median, in `unit`; of `records/s` and `MB/s` more is better. */
  readonly ours: number;
  readonly peer: number;
  readonly peer_name: string;
  readonly unit: 'ms' | 'µs' | 'records/s' | 'MB/s';
  /** Of the medians. */
  readonly ratio: number;
  /** What the ratio is to be at most, as an issue asks; null where none asks. */
  readonly aim: number | null;
  /** What `ours` is to be at least, as an issue asks. */
  readonly goal?: number;
  readonly runs: number;
  /** How the machine was, or what took the time. */
  readonly note?: string;
}

/** One number that is measured beside nothing. */
export interface Figure {
  readonly name: string;
  readonly reached: number;
  readonly unit: '%' | 'ms' | 'µs' | 'rules';
  /** How many texts it is about, or how long they are. */
  readonly of: string;
  /** What it is to be at least, or at most where less is better, as an issue asks; null where none asks. */
  readonly aim: number | null;
  readonly note?: string;
}

export interface Comparison extends Pick<Row, 'name' | 'peer_name' | 'aim'> {
  /** Does it once; returns milliseconds. */
  ours(): Promise<number>;
  peer(): Promise<number>;
}

const WARM_UP = 20;

/**
 * Measures in turn, so that what else the machine does falls on both alike.
 * @param runs of each, from 1
 * @param warmUp turns before the first one that counts: files come into the cache, code gets compiled
 */
export async function compare(comparison: Comparison, runs: number, warmUp = WARM_UP): Promise<Row> {
  const ours: number[] = [];
  const peer: number[] = [];
  for (let run = -warmUp; run < runs; run += 1) {
    const [mine, theirs] =
      run % 2 === 0
        ? [await comparison.ours(), await comparison.peer()]
        : await comparison.peer().then(async (first) => [await comparison.ours(), first] as const);
    if (run < 0) continue;
    ours.push(mine);
    peer.push(theirs);
  }
  const { name, peer_name, aim } = comparison;
  return { name, ...medians(ours, peer), peer_name, unit: 'ms', aim, runs };
}

export function medians(
  ours: readonly number[],
  peer: readonly number[],
): Pick<Row, 'ours' | 'peer' | 'ratio'> {
  const [mine, theirs] = [median(ours), median(peer)];
  return { ours: round(mine), peer: round(theirs), ratio: round(mine / theirs) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
