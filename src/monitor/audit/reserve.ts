import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, rename, rm } from 'node:fs/promises';
import { createOwnFile, LOG_MODE, openOwnFile, syncFolder, writeAll } from './log-file.ts';
import { freeBytes } from './space.ts';
import { atStage, StorageFailure } from './unavailable.ts';

/** Bytes that are kept on the log's disk, to be given up so that the end of the log can be written when it is full. */
export interface Reserve {
  readonly isHeld: boolean;
  /** Has it there, of the length that is asked for now. Throws StorageFailure where there is no room for it. */
  make(): Promise<void>;
  /** Gives its room to the log. Throws StorageFailure. */
  giveUp(): Promise<void>;
}

const PIECE_BYTES = 65_536;
/** What st_blocks counts, whatever the file system's own blocks are (stat(2)). */
const BLOCK_BYTES = 512;

/**
 * @param path of the file; it lies beside the log
 * @param bytes its length as it should be now
 */
export function holdReserve(path: string, bytes: () => number): Reserve {
  const unfinished = `${path}.new`;
  let held = 0;

  async function make(): Promise<void> {
    const wanted = bytes();
    if (held === wanted) return;
    await atStage(
      'reserve',
      (async () => {
        if (await isThere(path, wanted)) return;
        await rm(unfinished, { force: true });
        const free = await freeBytes(path);
        if (free !== null && free < wanted) throw noRoom(free, wanted);
        try {
          await writeWhole(unfinished, wanted);
        } catch (error) {
          // Half a reserve would take what little room there is.
          await rm(unfinished, { force: true });
          throw error;
        }
        await rename(unfinished, path);
        await syncFolder(path);
      })(),
    );
    held = wanted;
  }

  async function giveUp(): Promise<void> {
    // Before the attempt: one that fails must not be made again and again.
    held = 0;
    await atStage('reserve', rm(path, { force: true }));
  }

  return {
    get isHeld() {
      return held > 0;
    },
    make,
    giveUp,
  };
}

function noRoom(free: number, wanted: number): StorageFailure {
  return new StorageFailure('reserve', `${free} bytes are free where its reserve takes ${wanted}`);
}

/** Whether an earlier run left it, with every byte on disk: a sparse file holds no room. */
async function isThere(path: string, wanted: number): Promise<boolean> {
  const file = await openOwnFile({ path, called: 'the reserve', mode: LOG_MODE }, constants.O_RDONLY);
  if (file === null) return false;
  try {
    const { size, blocks } = await file.stat();
    return size === wanted && blocks * BLOCK_BYTES >= wanted;
  } finally {
    await file.close();
  }
}

/** Random bytes: file systems that compress, or find equal blocks, would keep no room for others. */
async function writeWhole(path: string, length: number): Promise<void> {
  const file = await createOwnFile(
    { path, called: 'the reserve', mode: LOG_MODE },
    constants.O_WRONLY,
    Buffer.alloc(0),
  );
  try {
    await writeRandom(file, length);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeRandom(file: FileHandle, length: number): Promise<void> {
  for (let left = length; left > 0; left -= PIECE_BYTES)
    await writeAll(file, randomBytes(Math.min(PIECE_BYTES, left)));
}
