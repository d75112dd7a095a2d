import { openSync } from 'node:fs';
import { type Descriptor, ownDescriptor } from './descriptor.ts';
import { checked, libc } from './libc.ts';

const MFD_CLOEXEC = 1;

const memfdCreate = libc.func('int memfd_create(const char *, unsigned int)');

/** An anonymous file in memory, close-on-exec: memfd_create(2). Throws `PosixError`. */
export function makeMemoryFile(name: string): Descriptor {
  return ownDescriptor(checked('make a file in memory', memfdCreate(name, MFD_CLOEXEC)));
}

/** Opens the same file again, read-only, with a position of its own, so that two readers do not share one. */
export function reopenMemoryFile(file: Descriptor): Descriptor {
  return ownDescriptor(openSync(`/proc/self/fd/${file.number}`, 'r'));
}
