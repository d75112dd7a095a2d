import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { readLink } from '../../shared/audit/record.ts';
import type { Segment } from '../../shared/audit/segments.ts';
import { createLineCutter } from './bounded-lines.ts';

const PIECE_BYTES = 262_144;
const NOTHING = Buffer.alloc(0);

/** Reads one file of a log, plain or compressed, piece by piece. Renaming or removing the file does not disturb it. */
export interface SegmentReader {
  readonly segment: Segment;
  /** The open file: compressed bytes, where the segment is compressed. */
  readonly file: FileHandle;
  /** The number of the first record: by the file's name, else as its first record says; null where there is none yet. */
  readonly first: number | null;
  /** The next bytes, in a buffer of their own; none at the end of what is there now. Throws what reading throws. */
  read(): Promise<Buffer>;
  /**
   * What became of it: `replaced` where its name stands for another file by now, or for none, so that nothing is added to it
   * any more; `cut` where it is shorter than what was read of it.
   */
  whatBecame(): Promise<'same' | 'replaced' | 'cut'>;
  close(): Promise<void>;
}

/**
 * Opens a segment for reading from an offset on (in bytes of the plain file), or returns null where there is no such file
 * any more. Throws what opening throws, and Error "it is not a regular file".
 */
export async function openSegment(segment: Segment, offset = 0): Promise<SegmentReader | null> {
  const file = await openOrNull(segment.path);
  if (file === null) return null;
  try {
    if (!(await file.stat()).isFile()) throw new Error('it is not a regular file');
    const first = segment.first ?? (await firstNumber(file));
    const source = segment.isCompressed ? decompressed(file, offset) : plain(file, offset);
    return {
      ...{ segment, file, first, read: source.read },
      async whatBecame() {
        if (!segment.isCompressed && (await file.stat()).size < source.offset) return 'cut';
        return (await isReplaced(file, segment.path)) ? 'replaced' : 'same';
      },
      async close() {
        await source.end();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** O_NONBLOCK: a FIFO put in its place must not hold the reader up. */
async function openOrNull(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

interface Source {
  /** How far it has been read. */
  readonly offset: number;
  read(): Promise<Buffer>;
  end(): Promise<unknown>;
}

function plain(file: FileHandle, from: number): Source {
  let offset = from;
  return {
    get offset() {
      return offset;
    },
    async read() {
      const buffer = Buffer.allocUnsafe(PIECE_BYTES);
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, offset);
      offset += bytesRead;
      return buffer.subarray(0, bytesRead);
    },
    end: () => Promise.resolve(),
  };
}

function decompressed(file: FileHandle, from: number): Source {
  const bytes = file.createReadStream({ start: 0, autoClose: false, highWaterMark: PIECE_BYTES });
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  // Readable.pipe passes no error on.
  bytes.once('error', (error) => gunzip.destroy(error));
  const pieces: AsyncIterator<Buffer> = bytes.pipe(gunzip)[Symbol.asyncIterator]();
  let toSkip = from;
  let offset = from;
  return {
    get offset() {
      return offset;
    },
    async read() {
      for (;;) {
        const { done, value } = await pieces.next();
        if (done === true) return NOTHING;
        const skipped = Math.min(toSkip, value.length);
        toSkip -= skipped;
        if (skipped === value.length) continue;
        offset += value.length - skipped;
        return value.subarray(skipped);
      }
    },
    async end() {
      bytes.destroy();
      await pieces.return?.();
    },
  };
}

/** As far as a line may be long: what stands there without a whole record tells nothing. */
async function firstNumber(file: FileHandle): Promise<number | null> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, 0);
  for (const { bytes } of createLineCutter().push(buffer.subarray(0, bytesRead))) {
    const link = readLink(bytes);
    if (link !== null) return link.seq;
  }
  return null;
}

async function isReplaced(file: FileHandle, path: string): Promise<boolean> {
  const opened = await file.stat();
  try {
    const named = await stat(path);
    return opened.ino !== named.ino || opened.dev !== named.dev;
  } catch (error) {
    // Between the two steps of a rotation no file has the name.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}
