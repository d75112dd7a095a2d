import { basename } from 'node:path';
import { CAPABILITIES } from './capabilities.ts';
import { ConfigurationError } from './configuration-error.ts';
import { nearestWord } from './nearest-word.ts';
import { refusePath, refuseTarget } from './paths.ts';
import type { Profile } from './types.generated.ts';
import { profile, profileName } from './validators.generated.js';
import { type ReadFile, readYaml } from './yaml.ts';

const KNOWN_KEYS = [
  ...[
    'version',
    'driver',
    'user',
    'accept_root',
    'groups',
    'filesystem',
    'read',
    'write',
    'scratch',
    'path',
    'at',
    'network',
  ],
  ...[
    'capabilities',
    'devices',
    'syscalls',
    'filter',
    'allow',
    'sockets',
    'limits',
    'wall_ms',
    'idle_ms',
    'cpu_seconds',
  ],
  ...['address_space_bytes', 'data_bytes', 'processes', 'open_files', 'file_bytes', 'output_bytes'],
  ...['stream_bytes', 'term_grace_ms'],
  ...['scratch_bytes', 'environment', 'secrets', 'name', 'file', 'credential', 'as', 'variable', 'workdir'],
  ...['launcher', 'fallback', 'root', 'on_output_limit', 'require', 'stderr_in_errors', 'params'],
  ...['logs', 'mode', 'prestart', 'min', 'max', 'persistent', 'max_concurrency', 'recycle_calls'],
  ...['recycle_age_ms', 'recycle_memory_bytes'],
];
const SUFFIX = '.yaml';

/** A mount that a profile grants: a path of the host, and where the driver sees it. */
export interface GrantedPath {
  readonly path: string;
  readonly at: string;
}

export function grantedPath(entry: string | GrantedPath): GrantedPath {
  return typeof entry === 'string' ? { path: entry, at: entry } : entry;
}

/**
 * Reads a profile; its file's name is the profile's. Whether this host can give what it names is the monitor's to say.
 * @throws ConfigurationError
 */
export function parseProfile(file: string, bytes: Uint8Array): ReadFile<Profile> {
  const name = basename(file, SUFFIX);
  if (!profileName(name)) {
    throw new ConfigurationError(file, null, `${JSON.stringify(name)} cannot be a profile's name`);
  }
  const read = readYaml(file, bytes, profile, KNOWN_KEYS);
  refusePaths(read);
  refuseRoot(read);
  refuseCapabilities(read);
  refuseSecrets(read);
  refusePrestart(read);
  return read;
}

type Read = ReadFile<Profile>;

function refusePaths({ value, fail }: Read): void {
  const { read, write, scratch } = value.filesystem;
  for (const [kind, entries] of Object.entries({ read, write })) {
    for (const [index, entry] of entries.entries()) {
      const { path, at } = grantedPath(entry);
      const why = refusePath(path) ?? refusePath(at) ?? refuseTarget(at, path);
      if (why !== null) throw fail(['filesystem', kind, String(index)], why);
    }
  }
  for (const [index, path] of scratch.entries()) {
    const why = refusePath(path) ?? refuseTarget(path, null);
    if (why !== null) throw fail(['filesystem', 'scratch', String(index)], why);
  }
  for (const [index, path] of value.devices.entries()) {
    const why = refusePath(path);
    if (why !== null) throw fail(['devices', String(index)], why);
  }
  for (const field of ['workdir', 'root'] as const) {
    const path = value[field];
    const why = path === undefined ? null : refusePath(path);
    if (why !== null) throw fail([field], why);
  }
}

/** Root is two words, so that neither is there by accident. */
function refuseRoot({ value, fail }: Read): void {
  if (value.user === 'root' && value.accept_root === undefined)
    throw fail(['user'], 'root needs accept_root: "<why this driver must be root>" beside it');
  if (value.user !== 'root' && value.accept_root !== undefined)
    throw fail(['accept_root'], 'is for user: root alone');
}

function refuseCapabilities({ value, fail }: Read): void {
  for (const [index, capability] of value.capabilities.entries()) {
    if (CAPABILITIES.includes(capability)) continue;
    const nearest = nearestWord(capability, CAPABILITIES);
    const hint = nearest === null ? '' : `; did you mean ${nearest}?`;
    throw fail(['capabilities', String(index)], `there is no capability ${capability}${hint}`);
  }
}

function refuseSecrets({ value, fail }: Read): void {
  const names = new Set<string>();
  const variables = new Set(Object.keys(value.environment));
  for (const [index, secret] of value.secrets.entries()) {
    const at = (part: string): string[] => ['secrets', String(index), part];
    const why = secret.file === undefined ? null : refusePath(secret.file);
    if (why !== null) throw fail(at('file'), why);
    if (names.has(secret.name)) throw fail(at('name'), `there are two secrets ${secret.name}`);
    names.add(secret.name);
    if (secret.as === 'file' && secret.variable !== undefined)
      throw fail(at('variable'), 'a secret that is a file has no variable');
    if (secret.as !== 'file' && secret.variable === undefined)
      throw fail(at('as'), `a secret as ${secret.as} needs a variable`);
    if (secret.variable === undefined) continue;
    if (variables.has(secret.variable)) throw fail(at('variable'), `${secret.variable} is set already`);
    variables.add(secret.variable);
  }
}

function refusePrestart({ value, fail }: Read): void {
  const { prestart, mode, limits } = value;
  if (mode === 'persistent' && limits.idle_ms !== null)
    throw fail(['limits', 'idle_ms'], 'of a persistent driver no call can be told to be idle');
  if (prestart === undefined) return;
  if (mode === 'persistent')
    throw fail(['prestart'], 'a persistent driver is started before its calls anyway');
  const { min, max } = prestarted(prestart);
  if (min > max) throw fail(['prestart', 'min'], `${min} is more than max, ${max}`);
}

/** How many processes stand ready, at least and at most. */
export function prestarted(prestart: NonNullable<Profile['prestart']>): { min: number; max: number } {
  return typeof prestart === 'number' ? { min: prestart, max: prestart } : prestart;
}
