import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DAEMON_PAUSE_FILE } from '../shared/daemon-note.ts';
import { writeStateFile } from './state-file.ts';

const LONGEST = 64;

/**
 * While it is on, no call is started. It holds over a restart; the broker may ask for it, never for its end. Its file
 * lies in the state folder, which root alone can write: whoever removes it and sends SIGHUP ends the pause.
 */
export interface Pause {
  /** Since when, ISO 8601; null: not paused. */
  readonly since: string | null;
  /** Begins it, durably; does nothing where it is on already. Returns null, or why it is on and could not be kept. */
  begin(): string | null;
  /** Looks at the file again; whether something changed. A file that cannot be read counts as a pause. */
  look(): boolean;
}

export function openPause(stateFolder: string): Pause {
  const path = join(stateFolder, DAEMON_PAUSE_FILE);
  let since = read(path);
  return {
    get since() {
      return since;
    },
    begin() {
      if (since !== null) return null;
      const now = new Date().toISOString();
      // Paused from here on, whether it can be kept or not.
      since = now;
      return keep(path, now);
    },
    look() {
      const before = since;
      since = read(path);
      return since !== before;
    },
  };
}

function keep(path: string, since: string): string | null {
  try {
    writeStateFile(path, `${since}\n`);
    return null;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return error.message;
  }
}

function read(path: string): string | null {
  try {
    // Whoever makes it by hand need not know what stands in it.
    const text = readFileSync(path, 'latin1').slice(0, LONGEST).trim();
    return /^[\x20-\x7e]+$/.test(text) ? text : 'unknown';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    return 'unknown';
  }
}
