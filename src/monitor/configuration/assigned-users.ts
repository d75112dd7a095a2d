import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Numeric users that profiles with `user: auto` were given; kept in the state folder, so that none is shared. */
export interface AssignedUsers {
  /** The number of a profile, given now if it has none. Throws where the range is used up. */
  numberOf(profile: string): number;
}

const FILE = 'driver-users.json';

/** @param first the broker's number; profiles get those after it, up to `last` */
export function openAssignedUsers(stateFolder: string, first: number, last: number): AssignedUsers {
  const path = join(stateFolder, FILE);
  const numbers = readNumbers(path);
  return {
    numberOf(profile) {
      const known = numbers.get(profile);
      if (known !== undefined && known > first && known <= last) return known;
      const taken = new Set(numbers.values());
      for (let number = first + 1; number <= last; number += 1) {
        if (taken.has(number)) continue;
        numbers.set(profile, number);
        writeFileSync(
          `${path}.new`,
          `${JSON.stringify({ version: 1, users: Object.fromEntries(numbers) })}\n`,
          {
            mode: 0o600,
            flush: true,
          },
        );
        renameSync(`${path}.new`, path);
        return number;
      }
      throw new Error(`Cannot give profile ${profile} a user: the range ${first}-${last} is used up`);
    },
  };
}

function readNumbers(path: string): Map<string, number> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Map();
    throw error;
  }
  const value: unknown = JSON.parse(text);
  const users = typeof value === 'object' && value !== null && 'users' in value ? value.users : null;
  if (typeof users !== 'object' || users === null)
    throw new Error(`Cannot read ${path}: it is not what driverd wrote`);
  const numbers = new Map<string, number>();
  for (const [profile, number] of Object.entries(users)) {
    if (typeof number !== 'number') throw new Error(`Cannot read ${path}: it is not what driverd wrote`);
    numbers.set(profile, number);
  }
  return numbers;
}
