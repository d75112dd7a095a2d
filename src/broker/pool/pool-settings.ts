import { prestarted } from '../../shared/configuration/profile.ts';
import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { PoolSize } from './pool.ts';

/** What of a driver is started before its calls, as its profile has it. */
export type PoolSettings = ({ readonly kind: 'prestart' } & PoolSize) | PersistentSettings;

export interface PersistentSettings {
  readonly kind: 'persistent';
  readonly processes: number;
  /** Most calls that one process has at a time. */
  readonly maxConcurrency: number;
  /** Calls after which a process is replaced; the monitor counts too. */
  readonly recycleCalls: number;
  /** Longest line of a driver, in bytes. */
  readonly outputBytes: number;
}

/** Null: each call starts its own. */
export function poolSettings({ mode, prestart, persistent, limits }: Profile): PoolSettings | null {
  if (mode === 'persistent') {
    const { processes, max_concurrency: maxConcurrency, recycle_calls: recycleCalls } = persistent;
    return { kind: 'persistent', processes, maxConcurrency, recycleCalls, outputBytes: limits.output_bytes };
  }
  return prestart === undefined ? null : { kind: 'prestart', ...prestarted(prestart) };
}
