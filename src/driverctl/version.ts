import { readFileSync } from 'node:fs';

/** The version of this package. package.json lies as far above the sources as above what is built of them. */
export function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { version } = JSON.parse(text) as { readonly version: string };
  return version;
}
