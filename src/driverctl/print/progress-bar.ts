import type { JsonObject } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import type { Output } from '../invocation.ts';

const BAR_CELLS = 20;
const SHORTEST_BETWEEN_DRAWINGS_MS = 50;
/** Back to the first column, erase to the end of the line (ECMA-48, EL). */
const CLEAR_LINE = '\r\x1b[K';

/** One `rpc.progress` notification. */
export interface Progress {
  readonly progress: number;
  /** null: not known. */
  readonly total: number | null;
  readonly message: string;
}

/** The params of `rpc.progress` for this token; null where they are another's or malformed. */
export function readProgress(params: JsonObject, token: string): Progress | null {
  const { progressToken, progress, total, message } = params;
  if (progressToken !== token || typeof progress !== 'number' || progress < 0) return null;
  return {
    progress,
    total: typeof total === 'number' && total > 0 ? total : null,
    message: typeof message === 'string' ? message : '',
  };
}

/** `12345678` → `12.3M`. */
function shortNumber(value: number): string {
  const units = ['', 'k', 'M', 'G', 'T', 'P'];
  let rest = value;
  let unit = 0;
  while (rest >= 1000 && unit < units.length - 1) {
    rest /= 1000;
    unit += 1;
  }
  return `${unit === 0 && Number.isInteger(rest) ? rest : rest.toFixed(1)}${units[unit]}`;
}

/** `95` → `1:35`; hours where there are any. */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  const pad = (part: number): string => String(part).padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}

/**
 * One line with bar, figures, rate and time left, safe for a terminal and at most `columns` characters long.
 *
 * @param elapsedMs since the call began, in milliseconds
 */
export function progressLine(
  { progress, total, message }: Progress,
  elapsedMs: number,
  columns: number,
): string {
  const rate = elapsedMs > 0 ? (progress * 1000) / elapsedMs : 0;
  const parts: string[] = [];
  if (total === null) parts.push(shortNumber(progress));
  else {
    const share = Math.min(1, progress / total);
    const full = Math.round(share * BAR_CELLS);
    parts.push(`[${'#'.repeat(full)}${' '.repeat(BAR_CELLS - full)}]`, `${Math.floor(share * 100)}%`);
    parts.push(`${shortNumber(progress)}/${shortNumber(total)}`);
  }
  if (rate > 0) parts.push(`${shortNumber(rate)}/s`);
  if (rate > 0 && total !== null && total > progress)
    parts.push(`${duration((total - progress) / rate)} left`);
  // Cut before escaping too: a message may be any length.
  parts.push(escapeForTerminal(message.slice(0, columns)));
  return parts
    .join(' ')
    .trimEnd()
    .slice(0, Math.max(0, columns - 1));
}

export interface ProgressBar {
  show(progress: Progress): void;
  /** Leaves an empty line for what is printed next. */
  clear(): void;
}

/** A progress bar on a terminal. `now` is a clock in milliseconds that never goes back. */
export function createProgressBar(output: Output, now: () => number): ProgressBar {
  const began = now();
  let drawnAt: number | null = null;
  return {
    show(progress) {
      const time = now();
      if (drawnAt !== null && time - drawnAt < SHORTEST_BETWEEN_DRAWINGS_MS) return;
      drawnAt = time;
      output.write(CLEAR_LINE + progressLine(progress, time - began, output.columns));
    },
    clear() {
      if (drawnAt !== null) output.write(CLEAR_LINE);
      drawnAt = null;
    },
  };
}
