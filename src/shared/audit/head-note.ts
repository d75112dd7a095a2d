import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { NO_HASH } from './record.ts';

/** A place in the log: the record that stands last, and where its line ends. seq 0 is the empty log. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
  /** Where this record's newline ends, in bytes from the start of its segment. 0: a segment that has no record yet. */
  readonly bytes: number;
}

/**
 * What the monitor notes, in its own state, of the log's end: a chain alone shows no record that was cut off its end.
 * `standing` is written; `writing` is where the group under way ends. `durable` is the last head that fdatasync(2)
 * confirmed: after a power cut, and only then (another `boot`), the log may end between it and `standing`.
 */
export interface HeadNote {
  readonly boot: string;
  /** The number of the first record of the segment that is written to; the heads' bytes count within that segment. */
  readonly segment: number;
  readonly durable: Head;
  readonly standing: Head;
  readonly writing: Head | null;
}

/** The note's length in bytes: one disk sector, so that a power cut leaves the old note or the new one. */
export const HEAD_NOTE_BYTES = 512;
export const HEAD_NOTE_FILE = 'audit-head';
export const EMPTY_HEAD: Head = Object.freeze({ seq: 0, hash: NO_HASH, bytes: 0 });

const HEAD = '\\{"seq":([0-9]{1,16}),"hash":"([0-9a-f]{64})","bytes":([0-9]{1,16})\\}';
const NOTE = new RegExp(
  `^(\\{"version":1,"boot":"([0-9a-f-]{36})","segment":([1-9][0-9]{0,15}),"durable":${HEAD},"standing":${HEAD},"writing":(?:null|${HEAD})),"check":"([0-9a-f]{8})"\\} *\\n$`,
);
/** How often a note is looked at again that is not whole, and how long to wait between, in milliseconds. */
const LOOKS = 40;
const LOOK_WAIT_MS = 5;

function headText(head: Head): string {
  return `{"seq":${head.seq},"hash":"${head.hash}","bytes":${head.bytes}}`;
}

/**
 * The note as its block: JSON, spaces, and a newline last. The check is for readers: Linux reads from a page while it is
 * written to, so that one look may see the beginning of a note and the end of the one before it.
 */
export function encodeHeadNote(note: HeadNote): Buffer {
  const writing = note.writing === null ? 'null' : headText(note.writing);
  const text =
    `{"version":1,"boot":"${note.boot}","segment":${note.segment},"durable":${headText(note.durable)},` +
    `"standing":${headText(note.standing)},"writing":${writing}`;
  return Buffer.from(`${`${text},"check":"${checkOf(text)}"}`.padEnd(HEAD_NOTE_BYTES - 1)}\n`, 'latin1');
}

/** Reads a block. Throws Error "Cannot read the audit head note: …" where it is not exactly what is written. */
export function decodeHeadNote(block: Buffer): HeadNote {
  const parts = block.length === HEAD_NOTE_BYTES ? NOTE.exec(block.toString('latin1')) : null;
  if (parts === null) throw new Error('Cannot read the audit head note: it is not in the form of a note');
  const [, text = '', boot = '', first = '', ...heads] = parts;
  if (checkOf(text) !== heads[9])
    throw new Error('Cannot read the audit head note: its check is not that of its text');
  const segment = Number(first);
  const [durable, standing] = [headOf(heads.slice(0, 3)), headOf(heads.slice(3, 6))];
  const writing = heads[6] === undefined ? null : headOf(heads.slice(6, 9));
  const last = writing ?? standing;
  if (durable.bytes > standing.bytes || standing.bytes > last.bytes || !Number.isSafeInteger(last.bytes)) {
    throw new Error('Cannot read the audit head note: its heads are out of order');
  }
  // Byte 0 is the end of the segment before, and of nothing else.
  if (
    [durable, standing, last].some(
      ({ seq, bytes }) => seq < segment - 1 || (seq === segment - 1) !== (bytes === 0),
    )
  ) {
    throw new Error('Cannot read the audit head note: its heads are not those of its segment');
  }
  return { boot, segment, durable, standing, writing };
}

function checkOf(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function headOf([seq = '', hash = '', bytes = '']: readonly string[]): Head {
  return { seq: Number(seq), hash, bytes: Number(bytes) };
}

/** Writes the note in place: one pwrite(2) into the page cache, no fdatasync. Throws what the write throws. */
export async function writeHeadNote(file: FileHandle, note: HeadNote): Promise<void> {
  const { bytesWritten } = await file.write(encodeHeadNote(note), 0, HEAD_NOTE_BYTES, 0);
  if (bytesWritten !== HEAD_NOTE_BYTES)
    throw new Error('Cannot write the audit head note: the write was short');
}

/** Reads the note of an open file. Throws as `decodeHeadNote`. */
export async function readHeadNote(file: FileHandle): Promise<HeadNote> {
  // One byte more than a note shows a file that is too long.
  const block = Buffer.alloc(HEAD_NOTE_BYTES + 1);
  const { bytesRead } = await file.read(block, 0, block.length, 0);
  return decodeHeadNote(block.subarray(0, bytesRead));
}

/** The same while a daemon may be writing it. */
export async function readLiveHeadNote(file: FileHandle): Promise<HeadNote> {
  for (let look = 1; look < LOOKS; look += 1) {
    try {
      return await readHeadNote(file);
    } catch {
      // One that stays so is told by the last look.
      await wait(LOOK_WAIT_MS);
    }
  }
  return readHeadNote(file);
}

/** Opens a note for reading; the caller closes it. O_NONBLOCK: a FIFO put in its place must not hold the reader up. */
export function openHeadNote(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}
