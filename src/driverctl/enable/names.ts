import { profileName } from '../../shared/configuration/validators.generated.js';
import { Failure } from '../failure.ts';

/** A driver's name, as protocol/manifest.schema.json has it; it becomes a part of a path. */
const DRIVER_NAME = /^[a-z][a-z0-9-]{0,31}$/;

/** Checks the name of a driver. Throws `Failure` (usage) that says what could not be done. */
export function checkDriverName(name: string, doing: string): string {
  if (DRIVER_NAME.test(name)) return name;
  throw new Failure('usage', `Cannot ${doing}: ${JSON.stringify(name)} cannot be a driver's name`);
}

/** Checks the name of a profile, which is the prefix of its methods. Throws `Failure` (usage). */
export function checkProfileName(name: string, doing: string): string {
  if (profileName(name)) return name;
  const what = DRIVER_NAME.test(name) ? `${name}, a word of driverd's own,` : JSON.stringify(name);
  throw new Failure('usage', `Cannot ${doing}: ${what} cannot be a profile's name`);
}
