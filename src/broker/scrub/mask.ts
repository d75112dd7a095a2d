import type { Match } from './match.ts';

/** What stands in the place of a secret. Its form tells nothing of what it replaced but the name. */
export function markOf(name: string): string {
  return `[REDACTED:${name}]`;
}

/**
 * The text between two places, with a mark for each range that has a part of it.
 * @param ranges in order, none overlapping another
 */
export function maskBetween(bytes: Buffer, from: number, to: number, ranges: readonly Match[]): string {
  let text = '';
  let at = from;
  for (const { start, end, name } of ranges) {
    text += bytes.toString('utf8', at, Math.max(at, start)) + markOf(name);
    at = Math.min(to, end);
  }
  return text + bytes.toString('utf8', at, to);
}
