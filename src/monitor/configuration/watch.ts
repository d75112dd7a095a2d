import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { checkSafePath, listSafeFolder } from '../../shared/safe-file.ts';
import { LOG_MODE, whyNotOwn } from '../audit/log-file.ts';
import type { Options } from '../options.ts';
import { digestFile } from './driver-digest.ts';
import { digestsOf, type FileDigests } from './file-changes.ts';
import { markOf } from './file-mark.ts';
import { CONFIGURATION_FILE_BYTES, configurationFolders, type Generation } from './load.ts';
import { type Violation, violationIn } from './violations.ts';

/** What stands on disk of a configuration, and of driverd's own files, now. */
export interface Look {
  readonly files: FileDigests;
  readonly violations: readonly Violation[];
}

/** Files of driverd's own that are looked at too. */
export interface OwnPlaces {
  readonly socket: string;
  readonly log: string;
  readonly state: string;
}

const STATE_FOLDER_MODE = 0o700;
const PERMISSIONS = 0o7777;

/**
 * Looks at the files of a configuration between two loads: by what stat(2) says, and only where that differs by reading.
 * @param own as they are now, which is how they have to stay
 */
export function createWatch(options: Options, own: OwnPlaces): (generation: Generation) => Look {
  const socket = socketState(own.socket);
  /** What was found by reading, under the mark that it was read at. */
  let read = new Map<string, { readonly mark: string | null; readonly sha256: string | null }>();

  function digestsNow(generation: Generation, violations: Violation[]): FileDigests {
    const loaded = digestsOf(generation);
    const marks = new Map([
      ...generation.files.map(({ path, mark }) => [path, mark] as const),
      ...[...generation.drivers.values()].map(
        ({ programFile, programMark }) => [programFile, programMark] as const,
      ),
    ]);
    const now = new Map<string, string | null>();
    const readAgain: typeof read = new Map();
    const configuration = new Set([...generation.files.map(({ path }) => path)]);
    for (const path of new Set([...loaded.keys(), ...added(options, generation, violations)])) {
      const mark = markOf(path);
      if (mark === null) continue;
      if (mark === marks.get(path)) {
        now.set(path, loaded.get(path) ?? null);
        continue;
      }
      const known = read.get(path);
      const isProgram = loaded.has(path) && !configuration.has(path);
      const sha256 =
        known?.mark === mark
          ? known.sha256
          : digestFile(path, isProgram ? undefined : CONFIGURATION_FILE_BYTES);
      readAgain.set(path, { mark, sha256 });
      now.set(path, sha256);
    }
    read = readAgain;
    return now;
  }

  return (generation) => {
    const violations: Violation[] = [];
    const files = digestsNow(generation, violations);
    for (const path of files.keys()) attempt(() => checkSafePath(path, generation.trusted), violations);
    violations.push(
      ...socketViolation(own.socket, socket),
      ...logViolation(own.log),
      ...stateViolation(own.state),
    );
    return { files, violations };
  };
}

/** Paths of the drop-in folders, those that are new among them. */
function added(options: Options, { trusted }: Generation, violations: Violation[]): readonly string[] {
  return Object.values(configurationFolders(options)).flatMap(({ path, suffix }) => {
    const names = attempt(() => listSafeFolder(path, trusted, suffix), violations) ?? [];
    return names.map((name) => join(path, name));
  });
}

/** Whatever is gone, or cannot be looked at, is not trusted less for that. */
function attempt<Result>(look: () => Result, violations: Violation[]): Result | null {
  try {
    return look();
  } catch (error) {
    const violation = violationIn(error);
    if (violation !== null) violations.push(violation);
    else if (!(error instanceof Error && 'code' in error)) throw error;
    return null;
  }
}

interface SocketState {
  readonly place: string;
  readonly owner: string;
  readonly mode: string;
}

function socketState(path: string): SocketState | null {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  const { dev, ino, uid, gid, mode } = stats;
  return {
    place: `${dev}:${ino} ${stats.isSocket()}`,
    owner: `${uid}:${gid}`,
    mode: `0${(mode & PERMISSIONS).toString(8)}`,
  };
}

function socketViolation(path: string, before: SocketState | null): readonly Violation[] {
  const now = socketState(path);
  if (before === null) return [];
  if (now === null) return [{ path, why: 'the socket is gone' }];
  if (now.place !== before.place) return [{ path, why: 'something else stands in the place of the socket' }];
  if (now.owner !== before.owner) return [{ path, why: `${now.owner} owns it, and ${before.owner} did` }];
  return now.mode === before.mode ? [] : [{ path, why: `it has mode ${now.mode}, and had ${before.mode}` }];
}

/** A log that is gone is the log's own to say: calls are refused then. */
function logViolation(path: string): readonly Violation[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const why = stats === undefined ? null : whyNotOwn(stats, LOG_MODE);
  return why === null ? [] : [{ path, why: `it ${why}` }];
}

function stateViolation(path: string): readonly Violation[] {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return [{ path, why: 'the state folder is gone' }];
  if (stats.uid !== process.geteuid?.()) return [{ path, why: `user ${stats.uid} owns it` }];
  const mode = stats.mode & PERMISSIONS;
  return (mode & ~STATE_FOLDER_MODE) === 0 ? [] : [{ path, why: `it has mode 0${mode.toString(8)}` }];
}
