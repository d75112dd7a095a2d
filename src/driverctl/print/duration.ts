const MILLISECOND_US = 1_000;
const SECOND_US = 1_000_000;
const MINUTE_US = 60_000_000;
const DIGITS = 3;

/** Microseconds for eyes: `0.85 ms`, `12.3 ms`, `4.56 s`, `2 min 5 s`. */
export function durationText(microseconds: number): string {
  const whole = Math.round(microseconds);
  if (whole >= MINUTE_US) {
    const seconds = Math.round(whole / SECOND_US);
    const rest = seconds % 60;
    return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
  }
  return whole >= SECOND_US ? `${rounded(whole / SECOND_US)} s` : `${rounded(whole / MILLISECOND_US)} ms`;
}

function rounded(value: number): number {
  return Number(value.toPrecision(DIGITS));
}
