import { basename } from 'node:path';
import { ConfigurationError } from './configuration-error.ts';
import { refusePath } from './paths.ts';
import type { Profile } from './types.generated.ts';
import { profile, profileName } from './validators.generated.js';
import { readYaml } from './yaml.ts';

const KNOWN_KEYS = [
  ...[
    'version',
    'driver',
    'user',
    'filesystem',
    'read',
    'path',
    'at',
    'tmp_bytes',
    'limits',
    'wall_ms',
    'cpu_seconds',
  ],
  ...[
    'address_space_bytes',
    'data_bytes',
    'processes',
    'open_files',
    'file_bytes',
    'output_bytes',
    'environment',
  ],
  ...['secrets', 'name', 'file', 'stderr_in_errors'],
];
const SUFFIX = '.yaml';

/** Reads a profile; its file's name is the profile's. Throws `ConfigurationError`. */
export function parseProfile(file: string, bytes: Uint8Array): Profile {
  const name = basename(file, SUFFIX);
  if (!profileName(name)) {
    throw new ConfigurationError(file, null, `${JSON.stringify(name)} cannot be a profile's name`);
  }
  const { value, fail } = readYaml(file, bytes, profile, KNOWN_KEYS);
  value.filesystem.read.forEach((entry, index) => {
    for (const path of typeof entry === 'string' ? [entry] : [entry.path, entry.at]) {
      const why = refusePath(path);
      if (why !== null) throw fail(['filesystem', 'read', String(index)], why);
    }
  });
  for (const [index, secret] of value.secrets.entries()) {
    const why = refusePath(secret.file);
    if (why !== null) throw fail(['secrets', String(index), 'file'], why);
  }
  return value;
}
