import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Profiles } from '../../scripts/development-folder.ts';
import { commandLines } from './processes.ts';

/** A driver whose every act can be seen from outside, and whose processes can be told from all others. */
export interface ActingDriver {
  readonly profiles: Profiles;
  /** What it was given by all callers that it has acted for since the last look; each once. */
  takeActs(): readonly string[];
  /** Removes what lies outside the daemon's folder. */
  remove(): void;
  /** Command lines of its processes, launchers with them, that can still act. */
  alive(): readonly string[];
  /** Those that have a call: others stand ready at their gates, of which there are two at most. */
  atWork(): readonly string[];
}

/** Before all else it leaves a file that is named after what it was given: so whatever a driver did is known. */
const PROGRAM = `#!/bin/sh
: > "/acts/$1"
if [ "$2" = 0 ]; then exit "$3"; fi
sleep "$2.MARK"
`;
const PARAMS = `
    params:
      type: object
      additionalProperties: false
      required: [act]
      properties: { act: { type: string, pattern: '^[0-9a-f]{32}$' }, seconds: SECONDS, status: STATUS }
    arguments: [{ param: act }, { param: seconds }, { param: status }]
    output: exit-status
    result: { type: object }`;

/** Lays it into the folder of a daemon that is to be started. */
export function layActingDriver(folder: string): ActingDriver {
  // Digits that stand in no other test's processes.
  const mark = `${process.pid}${Date.now()}`;
  // Nothing below a daemon's own folder can be granted.
  const acts = mkdtempSync(join(tmpdir(), 'driverd-acts-'));
  const place = join(folder, 'drivers/acting');
  mkdirSync(place, { recursive: true });
  chmodSync(acts, 0o777);
  writeFileSync(join(place, `acting-${mark}`), PROGRAM.replace('MARK', mark), { mode: 0o755 });
  const method = (name: string, more: string): string =>
    `  ${name}:${more}${PARAMS.replace('SECONDS', "{ enum: ['0', '3600'] }").replace('STATUS', "{ enum: ['0', '3'] }")}`;
  writeFileSync(
    join(place, 'driver.yaml'),
    [
      `version: 1\nname: acting\nkind: command\nprogram: { executable: acting-${mark} }\nmethods:`,
      method('act', ''),
      method('erase', '\n    destructive: true'),
      method('forbidden', ''),
      '',
    ].join('\n'),
  );
  const alive = (): string[] => [...commandLines().values()].filter((line) => line.includes(mark));
  return {
    profiles: {
      acting: `version: 1\nlimits: { wall_ms: 3600000 }\nprestart: { min: 1, max: 2 }\nfilesystem: { write: [{ path: ${JSON.stringify(acts)}, at: /acts }] }\n`,
    },
    takeActs() {
      const names = readdirSync(acts);
      for (const name of names) rmSync(join(acts, name));
      return names;
    },
    remove: () => rmSync(acts, { recursive: true }),
    alive,
    // A gate has its program as its last words, and no arguments of a call behind it; so have launchers.
    atWork: () => alive().filter((line) => !line.endsWith(`/driver/acting-${mark}`)),
  };
}
