import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DAEMON_PAUSE_FILE } from '../../shared/daemon-note.ts';
import { stateFolder } from '../audit/places.ts';
import { hangUpDaemon } from '../daemon/running-daemon.ts';
import { isMissing } from '../enable/missing.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/**
 * `driverctl resume`: ends a pause. The daemon takes no call for it: it is done on the host, in the state folder that is
 * root's alone. Returns the exit status. Throws `Failure`.
 */
export function resumeDaemon(invocation: Invocation): number {
  const folder = stateFolder(invocation);
  const changed = removeNote(join(folder, DAEMON_PAUSE_FILE));
  const runs = askDaemon(folder);
  const words = `${changed ? 'changed: the pause is ended' : 'unchanged: there was no pause'}; ${
    runs ? 'the daemon was told' : 'no daemon runs'
  }\n`;
  printReport(invocation, { json: { changed, daemon: runs ? 'told' : 'none' }, human: () => words });
  return exitCodes.ok.status;
}

function removeNote(path: string): boolean {
  try {
    rmSync(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw new Failure('other', `Cannot resume: ${path} cannot be removed: ${reasonOf(error)}`);
  }
}

function askDaemon(folder: string): boolean {
  try {
    return hangUpDaemon(folder);
  } catch (error) {
    throw new Failure('other', `Cannot resume: the daemon cannot be told: ${reasonOf(error)}`);
  }
}
