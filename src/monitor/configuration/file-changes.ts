import { createHash } from 'node:crypto';
import { type AuditField, encodeFields } from '../../shared/audit/fields.ts';
import type { Generation } from './load.ts';

/** Path to SHA-256, hex; null: what stands there cannot be read. */
export type FileDigests = ReadonlyMap<string, string | null>;

export type FileChange = {
  readonly path: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly sha256: string | null;
  readonly before: string | null;
};

/**
 * Files that one record names, and how long they may be together as they stand in it, in bytes: a line has room for other
 * things besides. How many there are stands beside them.
 */
const RECORDED = 64;
const RECORDED_BYTES = 16_384;

/** The files of a configuration and the programs that it starts, as they were loaded. */
export function digestsOf({ files, drivers }: Pick<Generation, 'files' | 'drivers'>): FileDigests {
  return new Map([
    ...digestsOfFiles(files),
    ...[...drivers.values()].map(({ programFile, programDigest }) => [programFile, programDigest] as const),
  ]);
}

export function digestsOfFiles(files: Generation['files']): FileDigests {
  return new Map(
    files.map(({ path, bytes }) => [path, createHash('sha256').update(bytes).digest('hex')] as const),
  );
}

/** What became of files, sorted by path. */
export function changesBetween(before: FileDigests, now: FileDigests): readonly FileChange[] {
  const gone = [...before].filter(([path]) => !now.has(path));
  const differing = [...now].filter(([path, sha256]) => !before.has(path) || before.get(path) !== sha256);
  return [
    ...gone.map(([path, was]): FileChange => ({ path, change: 'removed', sha256: null, before: was })),
    ...differing.map(([path, sha256]): FileChange => {
      return {
        ...{ path, change: before.has(path) ? 'changed' : 'added', sha256 },
        before: before.get(path) ?? null,
      };
    }),
  ].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** Equal for equal changes. */
export function changesKey(changes: readonly FileChange[]): string {
  return createHash('sha256').update(JSON.stringify(changes)).digest('hex');
}

/** As many of a list's first entries as one record holds. */
export function recordable<Entry extends AuditField>(entries: readonly Entry[]): readonly Entry[] {
  let bytes = 0;
  return entries.slice(0, RECORDED).filter((entry) => {
    bytes += Buffer.byteLength(encodeFields({ entry }));
    return bytes <= RECORDED_BYTES;
  });
}
