import { openSync, writeSync } from 'node:fs';
import { type Descriptor, ownDescriptor } from './descriptor.ts';
import { checked, libc } from './libc.ts';

const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
/** F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW and F_SEAL_WRITE (fcntl(2)). */
const ALL_SEALS = 0b1111;

const memfdCreate = libc.func('int memfd_create(const char *, unsigned int)');
const fcntl = libc.func('int fcntl(int, int, int)');

/** An anonymous file in memory, close-on-exec: memfd_create(2). Throws `PosixError`. */
export function makeMemoryFile(name: string): Descriptor {
  return ownDescriptor(checked('make a file in memory', memfdCreate(name, MFD_CLOEXEC)));
}

/** Opens the same file again, read-only, with a position of its own, so that two readers do not share one. */
export function reopenMemoryFile(file: Descriptor): Descriptor {
  return ownDescriptor(openSync(`/proc/self/fd/${file.number}`, 'r'));
}

/** An anonymous file that nobody can change any more, so that who gets it may map it: memfd_create(2). Throws `PosixError`. */
export function makeSealedMemoryFile(name: string, content: Buffer): Descriptor {
  const number = checked('make a file in memory', memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  const file = ownDescriptor(number);
  try {
    for (let written = 0; written < content.length; )
      written += writeSync(file.number, content, written, content.length - written, written);
    checked('seal a file in memory', fcntl(file.number, F_ADD_SEALS, ALL_SEALS));
    return file;
  } catch (error) {
    file.close();
    throw error;
  }
}
