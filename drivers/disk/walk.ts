import { type Dir, lstatSync, opendirSync, type Stats } from 'node:fs';
import { systemErrorCode } from './failures.ts';

/** Unit of st_blocks (inode(7)), in bytes. */
const BLOCK_BYTES = 512;
/** Most folders that may wait for their turn: it holds memory down in a hostile tree. */
const MAXIMUM_WAITING = 200_000;

/** What a walk met. */
export interface WalkEvents {
  /** `bytes` are those allocated to the entry, for a folder of all below it too, as du(1) counts. */
  entry(path: string, kind: 'file' | 'directory', bytes: number): void;
  /** After every entry: how many there were so far. */
  visited(count: number): void;
}

export interface WalkResult {
  readonly visited: number;
  /** Entries that could not be read. */
  readonly unreadable: number;
  /** Folders that were left out because too many waited. */
  readonly skipped: number;
}

/** A folder on the way down; `waiting` are its own folders that are still to come. */
interface Level {
  readonly path: string;
  readonly waiting: string[];
  bytes: number;
}

/**
 * Walks all below a folder depth first: on one file system, following no link (nftw(3) with FTW_PHYS and FTW_MOUNT).
 * A hard link counts each time. Names that are no UTF-8 are walked too, so paths are held byte for byte in latin1
 * and reported with U+FFFD for what cannot be read as UTF-8.
 * @param start in this process's view
 * @throws NodeJS.ErrnoException if the folder itself cannot be opened
 */
export function walk(start: string, on: WalkEvents): WalkResult {
  const first = Buffer.from(start).toString('latin1');
  const { dev } = lstatSync(start);
  let [visited, unreadable, skipped, waiting] = [0, 0, 0, 0];

  /** One folder's entries; files are done with at once, folders wait. */
  function enter(folder: Dir, path: string, status: Stats): Level {
    const level: Level = { path, waiting: [], bytes: status.blocks * BLOCK_BYTES };
    for (;;) {
      const entry = attempt(() => folder.readSync());
      if (entry === null) return level;
      const child = `${path === '/' ? '' : path}/${entry.name}`;
      const found = attempt(() => lstatSync(bytesOf(child)));
      if (found === null || found.dev !== dev) continue;
      visited += 1;
      if (found.isDirectory()) {
        if (waiting === MAXIMUM_WAITING) {
          skipped += 1;
        } else {
          waiting += 1;
          level.waiting.push(child);
        }
      } else {
        level.bytes += found.blocks * BLOCK_BYTES;
        on.entry(textOf(child), 'file', found.blocks * BLOCK_BYTES);
      }
      on.visited(visited);
    }
  }

  /** Null: it is gone meanwhile, or counted as unreadable. */
  function attempt<Result>(act: () => Result): Result | null {
    try {
      return act();
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === null) throw error;
      if (code !== 'ENOENT') unreadable += 1;
      return null;
    }
  }

  function enterAndClose(folder: Dir, path: string): Level | null {
    try {
      const status = attempt(() => lstatSync(bytesOf(path)));
      return status === null ? null : enter(folder, path, status);
    } finally {
      folder.closeSync();
    }
  }

  const top = enterAndClose(open(first), first);
  const levels = top === null ? [] : [top];
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const next = level.waiting.pop();
    if (next === undefined) {
      levels.pop();
      const parent = levels.at(-1);
      if (parent === undefined) break;
      parent.bytes += level.bytes;
      on.entry(textOf(level.path), 'directory', level.bytes);
      continue;
    }
    waiting -= 1;
    const folder = attempt(() => open(next));
    const below = folder === null ? null : enterAndClose(folder, next);
    if (below !== null) levels.push(below);
  }
  return { visited, unreadable, skipped };
}

function open(path: string): Dir {
  return opendirSync(bytesOf(path), { encoding: 'latin1' });
}

function bytesOf(path: string): Buffer {
  return Buffer.from(path, 'latin1');
}

function textOf(path: string): string {
  return bytesOf(path).toString('utf8');
}
