import { type Damage, openSegments, withinTime } from './log-segments.ts';
import { scanSegment, type TakeLine } from './scan-segment.ts';
import type { TimeRange } from './time-range.ts';

/** What to look for in a log. */
export interface LogScan {
  /** The file that is written to. */
  readonly path: string;
  readonly range: TimeRange;
  /** One of these stands in every wanted line; null: every line is wanted. As for `scanSegment`. */
  readonly needles: readonly Buffer[] | null;
}

/** Most bytes of lines that are kept in memory at once. */
export const HELD_BYTES_MAXIMUM = 67_108_864;

/**
 * Gives the lines that hold a needle, oldest first.
 * @returns what could not be read
 * @throws what listing, opening and reading throws
 */
export async function scanLog({ path, range, needles }: LogScan, take: TakeLine): Promise<readonly Damage[]> {
  const damage: Damage[] = [];
  for await (const reader of openSegments(path, withinTime(range), 'oldest-first', damage)) {
    const goOn = await despiteDamage(reader.segment.path, damage, () => scanSegment(reader, needles, take));
    if (!goOn) break;
  }
  return damage;
}

export interface Newest {
  /** Oldest first. */
  readonly lines: readonly Buffer[];
  /** Whether fewer than asked for are there because they would have been over HELD_BYTES_MAXIMUM. */
  readonly isCut: boolean;
  readonly damage: readonly Damage[];
}

/** The newest lines that are wanted; reads no further back than it takes. Throws as `scanLog`. */
export async function newestLines(
  { path, range, needles }: LogScan,
  limit: number,
  isWanted: (line: Buffer) => boolean,
): Promise<Newest> {
  const damage: Damage[] = [];
  let held: readonly Buffer[] = [];
  let bytes = 0;
  let isCut = false;
  for await (const reader of openSegments(path, withinTime(range), 'newest-first', damage)) {
    const older = keepLast(limit - held.length, HELD_BYTES_MAXIMUM - bytes);
    await despiteDamage(reader.segment.path, damage, () =>
      scanSegment(reader, needles, (line) => {
        if (isWanted(line)) older.add(line);
        return true;
      }),
    );
    held = [...older.lines(), ...held];
    bytes += older.bytes;
    isCut = older.isCut;
    if (held.length >= limit || isCut) break;
  }
  return { lines: held, isCut, damage };
}

/** Keeps copies of the last lines that are added, within two limits. */
function keepLast(
  limit: number,
  limitBytes: number,
): {
  readonly bytes: number;
  /** Whether lines were let go for their bytes. */
  readonly isCut: boolean;
  add(line: Buffer): void;
  lines(): readonly Buffer[];
} {
  let kept: Buffer[] = [];
  let start = 0;
  let bytes = 0;
  let isCut = false;
  return {
    get bytes() {
      return bytes;
    },
    get isCut() {
      return isCut;
    },
    add(line) {
      kept.push(Buffer.from(line));
      bytes += line.length;
      for (; kept.length - start > limit || bytes > limitBytes; start += 1) {
        isCut = kept.length - start <= limit;
        bytes -= kept[start]?.length ?? 0;
      }
      if (start <= limit) return;
      kept = kept.slice(start);
      start = 0;
    },
    lines: () => kept.slice(start),
  };
}

/** Damage of compressed bytes ends that segment alone. */
export async function despiteDamage(
  path: string,
  damage: Damage[],
  scan: () => Promise<boolean>,
): Promise<boolean> {
  try {
    return await scan();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error) || !String(error.code).startsWith('Z_')) throw error;
    damage.push({ path, why: error.message });
    return true;
  }
}
