import { join } from 'node:path';
import { isRecord, notOurs, readStateFile, writeStateFile } from '../state-file.ts';

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
        writeStateFile(path, `${JSON.stringify({ version: 1, users: Object.fromEntries(numbers) })}\n`);
        return number;
      }
      throw new Error(`Cannot give profile ${profile} a user: the range ${first}-${last} is used up`);
    },
  };
}

function readNumbers(path: string): Map<string, number> {
  const state = readStateFile(path);
  if (state === null) return new Map();
  const { users } = state;
  if (!isRecord(users)) throw notOurs(path);
  return new Map(
    Object.entries(users).map(([profile, number]): [string, number] => {
      if (typeof number !== 'number') throw notOurs(path);
      return [profile, number];
    }),
  );
}
