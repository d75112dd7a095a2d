import fs, { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { constants as system } from 'node:os';
import type { PlayedDisk } from './played-appender.ts';

/** A process that ends in the middle of changing files, played within this one. */
export interface Crash {
  /** Changes that were begun. */
  readonly changes: number;
  /** Lets files be changed again, as the next process does. */
  over(): void;
}

export class Crashed extends Error {
  override readonly name = 'Crashed';
  /** What still runs of a process that has ended takes it for a disk that fails. */
  readonly errno = -system.errno.EIO;
}

const anyFile = await open('/dev/null');
const handles = Object.getPrototypeOf(anyFile) as FileHandle;
await anyFile.close();

type Call = (this: unknown, ...given: never[]) => unknown;
type Methods = Record<string, Call>;

/** Which argument is the length: FileHandle.write(buffer, offset, length, position), and the disk's with a descriptor before. */
const HANDLE_LENGTH = 2;
const DISK_LENGTH = 3;
const CREATES = constants.O_CREAT | constants.O_TRUNC;
/** What changes a file or a folder, and where it lies. Whatever only reads or has things on disk is no change. */
const CHANGING: readonly (readonly [object, readonly string[]])[] = [
  [handles, ['write', 'truncate']],
  [fs.promises, ['open', 'rename', 'mkdir', 'chmod', 'rm']],
  [fs, ['writeFileSync', 'renameSync', 'rmSync', 'openSync']],
];

/**
 * From now on `changes` changes take place, the next one is cut short, and none follows.
 * @param disk by which the process appends to its audit log
 * @param cut how much of a write takes place, given its length; default nothing
 */
export function crashAfter(
  changes: number,
  disk: PlayedDisk,
  cut: (length: number) => number = () => 0,
): Crash {
  let begun = 0;
  const originals: [Methods, string, Call][] = [];

  for (const [owner, names] of [...CHANGING, [disk, ['write']] as const]) {
    for (const name of names) {
      const methods = owner as Methods;
      const original = methods[name];
      if (original === undefined) throw new Error(`Cannot play a crash: there is no ${name}`);
      originals.push([methods, name, original]);
      methods[name] = function (this: unknown, ...given: never[]): unknown {
        if (name.startsWith('open') && !creates(given[1])) return original.apply(this, given);
        begun += 1;
        if (begun <= changes) return original.apply(this, given);
        const lengthAt = owner === disk ? DISK_LENGTH : HANDLE_LENGTH;
        const end =
          begun === changes + 1 && name === 'write' ? writePart(this, original, given, lengthAt, cut) : null;
        if (owner === disk || name.endsWith('Sync')) throw new Crashed('the process ended');
        return Promise.resolve(end).then(() => Promise.reject(new Crashed('the process ended')));
      };
    }
  }
  syncBuiltinESMExports();
  return {
    get changes() {
      return begun;
    },
    over() {
      for (const [methods, name, original] of originals) methods[name] = original;
      syncBuiltinESMExports();
    },
  };
}

function creates(flags: unknown): boolean {
  return typeof flags === 'number' && (flags & CREATES) !== 0;
}

function writePart(
  file: unknown,
  write: Call,
  given: readonly unknown[],
  lengthAt: number,
  cut: (length: number) => number,
): unknown {
  const part = cut(Number(given[lengthAt]));
  return part === 0 ? null : write.apply(file, given.with(lengthAt, part) as never[]);
}
