import type { JsonObject } from '../../shared/json-value.ts';
import { DRIVER_LEVELS, type DriverLevel } from '../logs/ring.ts';
import type { Scrubber } from '../scrub/scrubber.ts';

/** Longest progress message that travels on, in UTF-16 units. */
const MAXIMUM_MESSAGE = 1_024;
/** Of a longer one no more is looked at: others wait meanwhile. */
const MAXIMUM_SCRUBBED = 65_536;

/** Params of a driver's `progress` notification, scrubbed; null: they are none. */
export function readProgress(
  { progress, total, message }: JsonObject,
  scrubber: Scrubber,
): JsonObject | null {
  if (typeof progress !== 'number') return null;
  const isSecret = (given: number): boolean => scrubber.value(given).value !== given;
  if (isSecret(progress)) return null;
  return {
    progress,
    ...(typeof total === 'number' && !isSecret(total) ? { total } : {}),
    // Cut last: half a secret would not be known as one.
    ...(typeof message === 'string'
      ? { message: scrubStart(message, scrubber).slice(0, MAXIMUM_MESSAGE) }
      : {}),
  };
}

function scrubStart(message: string, scrubber: Scrubber): string {
  if (message.length <= MAXIMUM_SCRUBBED) return scrubber.text(message).text;
  return scrubber.bytes(Buffer.from(message.slice(0, MAXIMUM_SCRUBBED)), true).bytes.toString('utf8');
}

/** Of a driver's `log` notification; null: it is none. */
export function readLog({ level, message }: JsonObject): { level: DriverLevel; message: string } | null {
  const known = DRIVER_LEVELS.find((one) => one === level);
  return known !== undefined && typeof message === 'string' ? { level: known, message } : null;
}
