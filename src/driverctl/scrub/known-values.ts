import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beginCallRules } from '../../broker/scrub/admin/call-rules.ts';
import { compileAdminRules } from '../../broker/scrub/admin/compile.ts';
import type { KnownValues } from '../../broker/scrub/known-values.ts';
import { indexSecrets, type KnownSecret } from '../../broker/scrub/scrubber.ts';
import { readSettings } from '../../shared/configuration/settings.ts';
import { readSafeFile } from '../../shared/safe-file.ts';
import { CONFIGURATION_FILE_BYTES, orFailure, trustedWriters } from '../enable/configuration-folder.ts';
import { Failure, reasonOf } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printWarning } from '../print/warning.ts';

/** As the daemon has it: the longest value, in bytes. */
const LONGEST_VALUE_BYTES = 65_536;
const LONGEST_LIST_BYTES = 1_048_576;
const NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const IN_QUOTES = /^(["'])(.*)\1$/;

/**
 * What is looked for beside driverd's own rules: what stands in the settings at `--config`, and the values in `--values`.
 * @throws Failure where a file is missing, not to be trusted, or not accepted
 */
export function knownValues({
  options,
  uid,
  stderr,
}: Pick<Invocation, 'options' | 'uid' | 'stderr'>): KnownValues {
  const settings = options.config === undefined ? null : readScrub(options.config, uid);
  const listed = options.values === undefined ? [] : readList(options.values);
  const over = (rule: string): void =>
    printWarning(stderr, `${rule} took too long: the line is masked whole, and it is off from there on`);
  return {
    ...orFailure('the values', () => indexSecrets([...listed, ...(settings?.values ?? [])])),
    rules: settings === null ? undefined : beginCallRules(settings.rules, over),
  };
}

/** @param place the folder that holds driverd.yaml, or such a file */
function readScrub(place: string, uid: number) {
  const trusted = trustedWriters(uid);
  const given = resolve(place);
  const isFolder = orFailure(given, () => statSync(given)).isDirectory();
  const path = isFolder ? join(given, 'driverd.yaml') : given;
  return orFailure(path, () => {
    const { value, fail } = readSettings(path, readSafeFile(path, trusted, CONFIGURATION_FILE_BYTES));
    const values = value.scrub.values.map(({ name, file }): KnownSecret => {
      return { name, value: orFailure(file, () => readSafeFile(file, trusted, LONGEST_VALUE_BYTES)) };
    });
    return { rules: compileAdminRules(value.scrub, fail), values };
  });
}

/** A line `NAME=VALUE` for each value, as in an environment file; quotes around a value are none of it. */
function readList(path: string): readonly KnownSecret[] {
  const text = readBounded(path).toString('utf8');
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [name = '', ...rest] = line.replace(/^export /, '').split('=');
    if (!NAME.test(name) || rest.length === 0)
      throw new Failure('other', `Cannot read ${path}:${at + 1}: it is not NAME=VALUE`);
    const value = rest.join('=');
    return [{ name, value: Buffer.from(IN_QUOTES.exec(value)?.[2] ?? value) }];
  });
}

function readBounded(path: string): Buffer {
  try {
    if (statSync(path).size > LONGEST_LIST_BYTES) throw new Error(`it is over ${LONGEST_LIST_BYTES} bytes`);
    return readFileSync(path);
  } catch (error) {
    throw new Failure('other', `Cannot read ${path}: ${reasonOf(error)}`);
  }
}
