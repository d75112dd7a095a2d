import { join } from 'node:path';
import {
  decodeParamsKeys,
  PARAMS_KEYS_BYTES,
  PARAMS_KEYS_FILE,
  type ParamsKey,
  paramsDigest,
  paramsHash,
} from '../../shared/audit/params-hash.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { namedByPosition } from '../../shared/positional-params.ts';
import { readSafeFile } from '../../shared/safe-file.ts';
import { stateFolder } from '../audit/places.ts';
import { readParams, readPositionalParams } from '../call/params.ts';
import {
  CONFIGURATION_FILE_BYTES,
  type ConfigurationFolder,
  openConfiguration,
  orFailure,
  readDriver,
} from '../enable/configuration-folder.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/** A method as records name it: what stands before its point is the profile. */
const METHOD = /^([a-z][a-z0-9-]{0,31})\.([A-Za-z0-9.-]{1,64})$/;

/**
 * `driverctl audit hash METHOD PARAMS`: what `claims.params_hash` of a record of that call is, under each key that there
 * was. It reads the keys itself: a daemon that answered such a question would tell a taken-over broker what was called
 * before (invariant 13). Returns the exit status.
 */
export async function hashParams(invocation: Invocation): Promise<number> {
  const [name, ...words] = invocation.operands;
  if (name === undefined) throw new Failure('usage', 'Cannot hash: the method is missing');
  const [, profile, method] = METHOD.exec(name) ?? [];
  if (profile === undefined || method === undefined)
    throw new Failure('usage', `Cannot hash: ${name} is no method`);
  const { params, asGiven } = await paramsOf(invocation, { profile, method }, words);
  const hashes = readKeys(invocation).map((key) => ({
    ...{ params_key: key.id, created: key.created },
    params_hash: paramsHash(key, name, paramsDigest(params)),
    ...(asGiven === null ? {} : { refused_params_hash: paramsHash(key, name, paramsDigest(asGiven)) }),
  }));
  printReport(invocation, {
    json: { method: name, hashes },
    human: () =>
      hashes
        .flatMap(({ params_key: id, created, params_hash: hash, refused_params_hash: refused }) => [
          `${id}  from ${created}  ${hash}\n`,
          ...(refused === undefined ? [] : [`${id}  where it was refused   ${refused}\n`]),
        ])
        .join(''),
  });
  return exitCodes.ok.status;
}

/**
 * As the broker has them when it hashes: without `_meta`, and by name. Those of a call that was refused before its params
 * were looked at stand in its record as they were given, by position then.
 */
async function paramsOf(
  invocation: Invocation,
  target: { readonly profile: string; readonly method: string },
  words: readonly string[],
): Promise<{ readonly params: JsonObject; readonly asGiven: readonly JsonValue[] | null }> {
  const [first] = words;
  if (words.length !== 1 || first?.trimStart().startsWith('[') !== true)
    return { params: (await readParams(words, invocation.stdin)).values, asGiven: null };
  const asGiven = readPositionalParams(first);
  return { params: byName(openConfiguration(invocation), target, asGiven), asGiven };
}

/** Names of positions stand in the driver's manifest. */
function byName(
  configuration: ConfigurationFolder,
  { profile, method }: { readonly profile: string; readonly method: string },
  params: readonly JsonValue[],
): JsonObject {
  const path = configuration.profilePath(profile);
  const { driver } = orFailure(path, () =>
    parseProfile(path, readSafeFile(path, configuration.trusted, CONFIGURATION_FILE_BYTES)),
  ).value;
  const { positional } = readDriver(driver ?? profile, configuration).methods[method] ?? {};
  if (positional === undefined) throw new Failure('usage', `Cannot hash: ${profile} has no method ${method}`);
  const named = namedByPosition(positional, params);
  if (named === null)
    throw new Failure('usage', `Cannot hash: ${method} takes ${positional.length} params by position`);
  return named;
}

function readKeys(invocation: Invocation): readonly ParamsKey[] {
  const path = join(stateFolder(invocation), PARAMS_KEYS_FILE);
  const trusted = { uids: new Set([0, invocation.uid]), gids: new Set([0]) };
  try {
    return decodeParamsKeys(Buffer.from(readSafeFile(path, trusted, PARAMS_KEYS_BYTES)).toString('latin1'));
  } catch (error) {
    throw new Failure('other', `Cannot read the params keys ${path}: ${reasonOf(error)}`);
  }
}
