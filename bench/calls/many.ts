import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../scripts/development-folder.ts';
import type { MeasuredOptions } from './measured-daemon.ts';
import { NATIVE, PERSISTENT } from './profiles.ts';

/** So many drivers, each enabled; the first one is `native`. */
export function manyDrivers(count: number): MeasuredOptions {
  const manifest = readFileSync(join(ROOT, 'bench/drivers/native/driver.yaml'), 'utf8');
  const names = Array.from({ length: count - 1 }, (_, at) => `native-${at + 1}`);
  return {
    drivers: Object.fromEntries(
      names.map((name) => [name, manifest.replace('name: native', `name: ${name}`)]),
    ),
    profiles: Object.fromEntries(['native', ...names].map((name) => [name, NATIVE])),
  };
}

/** So many policies beside the one that permits: each names other users and looks at params. */
export function manyPolicies(count: number): string {
  return Array.from(
    { length: count - 1 },
    (_, at) =>
      `permit(principal == Uid::"${at + 100_000}", action == Action::"native.copy", resource) when { context.params.text like "a*" };\n`,
  ).join('');
}

/** With the persistent driver beside what else is enabled, where this build knows such. */
export function withPersistent(options: MeasuredOptions, canStay: boolean): MeasuredOptions {
  const profiles = options.profiles ?? { native: NATIVE };
  return canStay ? { ...options, profiles: { ...profiles, echoing: PERSISTENT } } : options;
}
