import { spawnSync } from 'node:child_process';

export const BUBBLEWRAP = '/usr/bin/bwrap';
/** The first that has --size (its NEWS.md), without which a private folder takes half the memory. */
const OLDEST = [0, 7, 0];
const ANSWERS_WITHIN_MS = 10_000;

/**
 * Whether the launcher is there and new enough; asked once, before anything is served.
 * @throws Error with what to install
 */
export function checkBubblewrap(): void {
  const { status, stdout } = spawnSync(BUBBLEWRAP, ['--version'], {
    ...{ encoding: 'utf8', env: {}, timeout: ANSWERS_WITHIN_MS },
  });
  const version = status === 0 ? /^bubblewrap ([0-9]+)\.([0-9]+)\.([0-9]+)$/.exec(stdout.trim()) : null;
  if (version === null) throw new Error(`Cannot start: ${BUBBLEWRAP} does not run; install bubblewrap`);
  const found = version.slice(1).map(Number);
  const place = OLDEST.findIndex((part, index) => part !== found[index]);
  if (place !== -1 && (found[place] ?? 0) < (OLDEST[place] ?? 0))
    throw new Error(`Cannot start: this is ${stdout.trim()}; driverd needs ${OLDEST.join('.')} or newer`);
}
