import { stringify } from 'yaml';
import { ConfigurationError } from '../../shared/configuration/configuration-error.ts';
import { grantsOf } from '../../shared/configuration/grants.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { JudgedAsk } from './grant-words.ts';

/**
 * The text of a profile that grants what was granted and nothing else.
 * @param file its path, for errors
 * @throws Failure (other) where the daemon would refuse it, such as a path that nothing may be put at
 */
export function profileText(
  file: string,
  names: { readonly profile: string; readonly driver: string },
  asks: readonly JudgedAsk[],
): string {
  const granted = asks.filter((ask) => ask.granted).map((ask) => ask.part);
  const profile = [
    { version: 1, ...(names.driver === names.profile ? {} : { driver: names.driver }) },
    ...granted,
  ].reduce<JsonObject>(merge, {});
  const text = stringify(profile, {
    version: '1.2',
    schema: 'core',
    lineWidth: 0,
    aliasDuplicateObjects: false,
  });
  refuseUnlike(file, text, asks);
  return text;
}

/** Objects are joined key by key, lists one after the other; no two parts hold the same other value. */
function merge(one: JsonObject, other: JsonObject): JsonObject {
  const joined: Record<string, JsonValue> = { ...one };
  for (const [key, value] of Object.entries(other)) {
    const held = joined[key];
    if (Array.isArray(held) && Array.isArray(value)) joined[key] = [...held, ...value];
    else joined[key] = isJsonObject(held) && isJsonObject(value) ? merge(held, value) : value;
  }
  return joined;
}

/** Reads the text as the daemon will, so that what a manifest's strings hold can at worst be refused. */
function refuseUnlike(file: string, text: string, asks: readonly JudgedAsk[]): void {
  let grants: ReturnType<typeof grantsOf>;
  try {
    grants = grantsOf(parseProfile(file, Buffer.from(text)).value);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new Failure('other', `Cannot make the profile ${file}: ${reasonOf(error)}`);
  }
  const wanted = asks.filter((ask) => ask.granted).map((ask) => ask.word);
  const surplus = grants.words.filter((word) => !wanted.includes(word));
  if (surplus.length === 0) return;
  throw new Failure('other', `Cannot make the profile ${file}: it would grant ${surplus.join(', ')}`);
}
