import { createHash, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { prestarted } from '../../shared/configuration/profile.ts';
import type { Profile, Program } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { markOf } from './file-mark.ts';
import type { DriverPlan } from './plan.ts';

/** Most files of a driver's folder that are looked at; of a larger one every reload counts as a change. */
const FILES_MAXIMUM = 1_024;

/** What of a driver is started before its calls, as its profile has it. */
export type PoolPlan =
  /** At most so many stand ready, each for one call. */
  | { readonly kind: 'prestart'; readonly max: number; readonly madeOf: string }
  /** So many processes, each of which serves many calls. */
  | {
      readonly kind: 'persistent';
      readonly max: number;
      /** After so many calls it is replaced; so is it at this age, or with more memory. */
      readonly calls: number;
      readonly ageMs: number;
      readonly memoryBytes: number | null;
      readonly madeOf: string;
    };

/**
 * @param folder the driver's
 * @throws ConfigurationError
 */
export function planPool(
  { value, fail }: ReadFile<Profile>,
  { kind }: Program,
  folder: string,
): PoolPlan | null {
  const { mode, prestart, persistent } = value;
  if (mode === 'persistent') {
    if (kind === 'command')
      throw fail(['mode'], 'persistent is for jsonrpc drivers: a command ends with its call');
    const { processes: max, recycle_calls: calls, recycle_age_ms: ageMs } = persistent;
    const { recycle_memory_bytes: memoryBytes } = persistent;
    return { kind: 'persistent', ...{ max, calls, ageMs, memoryBytes }, madeOf: markOfSource(value, folder) };
  }
  if (prestart === undefined) return null;
  return { kind: 'prestart', max: prestarted(prestart).max, madeOf: markOfSource(value, folder) };
}

/**
 * What stands ready must leave room for calls that nothing stands ready for.
 * @throws Error
 */
export function refuseFullPools(drivers: ReadonlyMap<string, DriverPlan>, launches: number): void {
  const most = [...drivers.values()].reduce((sum, { pool }) => sum + (pool?.max ?? 0), 0);
  if (most > 0 && most >= launches)
    throw new Error(
      `Cannot load the profiles: prestart and persistent may have ${most} launches alive, and limits.launches is ${launches}`,
    );
}

/** By the profile, of which the broker reads more than a plan has, and by what shows of the files without reading any. */
function markOfSource(profile: Profile, folder: string): string {
  const hash = createHash('sha256').update(JSON.stringify(profile));
  let left = FILES_MAXIMUM;
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of readdirSync(next, { withFileTypes: true })) {
      left -= 1;
      if (left < 0) return randomUUID();
      const path = join(next, entry.name);
      if (entry.isDirectory()) folders.push(path);
      hash.update(`${path}\0${markOf(path)}\0`);
    }
  }
  return hash.digest('hex');
}

const marks = new WeakMap<DriverPlan, string>();

/** The same for two plans that give the same launches of the same files. */
export function markOfPlan(plan: DriverPlan): string {
  const known = marks.get(plan);
  if (known !== undefined) return known;
  const entries = (_: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);
  const mark = createHash('sha256').update(JSON.stringify(plan, entries)).digest('hex');
  marks.set(plan, mark);
  return mark;
}
