/** One row of bench/results.json. */
export interface Measurement {
  readonly name: string;
  /** In words, for who reads the table. */
  readonly what: string;
  /** Median, or what the unit says; null where it could not be measured, for the reason in `note`. */
  readonly ours: number | null;
  readonly ours_p99: number | null;
  readonly peer: number | null;
  readonly peer_p99: number | null;
  readonly peer_name: string | null;
  readonly unit: 'ms' | 'µs' | 'calls/s' | 'MB/s' | 'MB' | 'KiB';
  /** ours / peer; null without a peer. */
  readonly ratio: number | null;
  /** What `judged` is to be: at most, or at least where `better` is more; null where nothing is asked. */
  readonly aim: number | null;
  readonly judged: 'ratio' | 'ours';
  readonly better: 'less' | 'more';
  /** How often ours was measured. */
  readonly runs: number;
  readonly note?: string;
}

/** What is known of a row before it is measured. */
export type Question = Pick<Measurement, 'name' | 'what' | 'peer_name' | 'unit' | 'better'> &
  Partial<Pick<Measurement, 'aim' | 'judged' | 'note'>>;

const FINE_DIGITS = 1_000;
const COARSE_DIGITS = 10;
const COARSE_FROM = 100;

/** Two lists of values that were taken in turn: their medians, beside each other. */
export function compared(question: Question, ours: readonly number[], peer: readonly number[]): Measurement {
  const slow = slowest(question);
  return row(question, {
    ...{ ours: quantile(ours, 0.5), ours_p99: quantile(ours, slow), runs: ours.length },
    ...{ peer: quantile(peer, 0.5), peer_p99: quantile(peer, slow) },
  });
}

/** A list of values that stands beside nothing. */
export function alone(question: Question, ours: readonly number[]): Measurement {
  return row(question, {
    ...{ ours: quantile(ours, 0.5), ours_p99: ours.length > 1 ? quantile(ours, slowest(question)) : null },
    ...{ peer: null, peer_p99: null, runs: ours.length },
  });
}

/** The p99 of a speed is what 99 of 100 reach. */
const slowest = ({ better }: Question): number => (better === 'less' ? 0.99 : 0.01);

/** A row that says why it holds no number, so that nothing is missing silently. */
export function unmeasured(question: Question, why: string): Measurement {
  const nothing = { ours: null, ours_p99: null, peer: null, peer_p99: null, runs: 0 };
  return row({ ...question, note: why }, nothing);
}

type Values = Pick<Measurement, 'ours' | 'ours_p99' | 'peer' | 'peer_p99' | 'runs'>;

/** @param values as they were measured; they are rounded here */
export function row(question: Question, values: Values): Measurement {
  const { name, what, peer_name, unit, better, aim = null, judged = 'ratio', note } = question;
  const { ours, ours_p99, peer, peer_p99, runs } = values;
  const ratio = ours === null || peer === null ? null : rounded(ours / peer);
  return {
    ...{ name, what, ours: rounded(ours), ours_p99: rounded(ours_p99) },
    ...{
      peer: rounded(peer),
      peer_p99: rounded(peer_p99),
      peer_name,
      unit,
      ratio,
      aim,
      judged,
      better,
      runs,
    },
    ...(note === undefined ? {} : { note }),
  };
}

/** Whether a row is what was asked; null where nothing was, or nothing could be measured. */
export function isMet({ aim, judged, better, ...values }: Measurement): boolean | null {
  const value = values[judged];
  if (aim === null || value === null) return null;
  return better === 'less' ? value <= aim : value >= aim;
}

/** @param share 0.5 for the median */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}

function rounded(value: number): number;
function rounded(value: number | null): number | null;
function rounded(value: number | null): number | null {
  if (value === null) return null;
  const digits = Math.abs(value) < COARSE_FROM ? FINE_DIGITS : COARSE_DIGITS;
  return Math.round(value * digits) / digits;
}
