import { readFileSync } from 'node:fs';
import type { Caller } from '../../shared/caller.ts';
import { runningSince } from '../../shared/process-start.ts';
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
const OWN_CGROUP = readProc('self', 'cgroup');
const OWN_CONTAINER = OWN_CGROUP === null ? null : (placeOf(OWN_CGROUP)?.container ?? null);

/**
 * Looks at a process. The number may be another's by then: only a pidfd that is alive after it proves the answer.
 * @returns null where this is no answer: its /proc cannot be read from here (another process namespace, hidepid of proc(5)), its
 *   cgroup lies outside of this daemon's namespace, or it ended meanwhile and waits for its parent, when /proc may already say
 *   that it is in no cgroup (proc_cgroup_show of kernel/cgroup/cgroup.c)
 */
export function lookAtProcess(pid: number): SeenProcess | null {
  const place = placeOfProcess(pid);
  const since = runningSince(pid);
  if (place === null || since === null) return null;
  return {
    pidStart: Number.isSafeInteger(Number(since)) ? Number(since) : null,
    loginUid: readLogin(pid, 'loginuid'),
    loginSession: readLogin(pid, 'sessionid'),
    ...place,
  };
}

/** Where there are no cgroups at all, nobody is in a container's. */
function placeOfProcess(pid: number): CgroupPlace | null {
  if (OWN_CGROUP === null) return { unit: null, container: null };
  const cgroup = readProc(pid, 'cgroup');
  return cgroup === null ? null : placeOf(cgroup, OWN_CONTAINER);
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
