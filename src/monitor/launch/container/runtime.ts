import { existsSync, readFileSync } from 'node:fs';
import { checkSafePath } from '../../../shared/safe-file.ts';

/** Where distributions put it; a PATH could come from somebody else. */
const PLACES = ['/usr/sbin/runc', '/usr/bin/runc'];
const ROOTS_ALONE = { uids: new Set([0]), gids: new Set([0]) };

/**
 * Capabilities (capability.h) that runc needs, or that the monitor needs to kill a container's processes and to read
 * their descriptors and working folder before they begin.
 */
const NEEDED: readonly (readonly [name: string, bit: bigint])[] = [
  ['CAP_DAC_OVERRIDE', 1n],
  ['CAP_KILL', 5n],
  ['CAP_SETGID', 6n],
  ['CAP_SETUID', 7n],
  ['CAP_SETPCAP', 8n],
  ['CAP_NET_ADMIN', 12n],
  ['CAP_SYS_PTRACE', 19n],
  ['CAP_SYS_ADMIN', 21n],
];

/** runc's path, or null where there is none. Throws where somebody else than root can change it. */
export function findRunc(): string | null {
  const path = PLACES.find((place) => existsSync(place));
  if (path !== undefined) checkSafePath(path, ROOTS_ALONE);
  return path ?? null;
}

/** Why this process can start no container here, or null where it can. */
export function whyNoContainers(): string | null {
  if (process.geteuid?.() !== 0) return 'it needs a daemon that runs as root';
  const missing = missingCapabilities(readFileSync('/proc/self/status', 'latin1'));
  if (missing.length > 0) return `it needs a daemon with ${missing.join(', ')}`;
  try {
    return findRunc() === null ? `this host has no runc (${PLACES.join(', ')})` : null;
  } catch (error) {
    return error instanceof Error ? error.message : 'runc could not be looked at';
  }
}

/** @param status the text of /proc/PID/status */
export function missingCapabilities(status: string): readonly string[] {
  const [, effective = '0'] = status.match(/^CapEff:\s*([0-9a-f]+)$/m) ?? [];
  const held = BigInt(`0x${effective}`);
  return NEEDED.filter(([, bit]) => ((held >> bit) & 1n) === 0n).map(([name]) => name);
}
