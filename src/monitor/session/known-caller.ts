import { readFileSync } from 'node:fs';
import type { Caller, Container } from '../../shared/caller.ts';
import { startTimeOf } from '../../shared/process-start.ts';
import { type CgroupPlace, placeOf } from './cgroup-place.ts';

/** What the kernel says of a caller; what is not of a `Caller` is for the record alone. */
export interface KnownCaller extends Caller {
  /** When the process started, in clock ticks after boot; null: it is gone, or was when it was looked at. */
  readonly pidStart: number | null;
}

/** What /proc says of a process, read by its number. */
export interface SeenProcess extends CgroupPlace {
  readonly pidStart: number | null;
  readonly loginUid: number | null;
  readonly loginSession: number | null;
}

/** (uid_t) -1: never set (audit_setloginuid of the kernel). */
const UNSET = 4_294_967_295;

export const NOTHING_SEEN: SeenProcess = {
  ...{ pidStart: null, loginUid: null, loginSession: null, unit: null, container: null },
};

/** The daemon's own, where its names of cgroups are the host's. */
const OWN_CONTAINER = placeOf(readProc('self', 'cgroup') ?? '').container;

/** Looks at a process. The number may be another's by then: only a pidfd that is alive after it proves the answer. */
export function lookAtProcess(pid: number): SeenProcess {
  const start = Number(startTimeOf(pid) ?? Number.NaN);
  const cgroup = readProc(pid, 'cgroup');
  return {
    pidStart: Number.isSafeInteger(start) ? start : null,
    loginUid: readLogin(pid, 'loginuid'),
    loginSession: readLogin(pid, 'sessionid'),
    ...(cgroup === null ? { unit: null, container: null } : placeBeside(OWN_CONTAINER, cgroup)),
  };
}

/** Where a process is, seen from here: who is in the same container as the daemon is in none. */
export function placeBeside(own: Container | null, cgroup: string): CgroupPlace {
  const { unit, container } = placeOf(cgroup);
  const isOwn = own !== null && container?.runtime === own.runtime && container.id === own.id;
  return { unit, container: isOwn ? null : container };
}

function readLogin(pid: number, file: string): number | null {
  const text = readProc(pid, file);
  if (text === null || !/^[0-9]{1,10}\n?$/.test(text)) return null;
  const value = Number(text);
  return value === UNSET ? null : value;
}

/** null where the process is gone, may not be looked at, or the kernel has no such file (CONFIG_AUDIT). */
function readProc(pid: number | 'self', file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return null;
    throw error;
  }
}
