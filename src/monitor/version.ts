import { readFileSync } from 'node:fs';

/** The version of package.json, where it stands once. */
export const VERSION = readVersion();

function readVersion(): string {
  const value: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  if (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    typeof value.version === 'string'
  ) {
    return value.version;
  }
  throw new Error('Cannot read package.json: it has no version');
}
