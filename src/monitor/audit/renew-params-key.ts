import type { Log } from '../../shared/log.ts';
import type { ParamsKeys } from './params-keys.ts';
import type { Recorder } from './recorder.ts';

/** Makes a new params key where the present one is over its age, and records it. One that cannot be kept is tried again. */
export function renewParamsKey(keys: ParamsKeys, days: number | null, record: Recorder, log: Log): void {
  try {
    const renewed = keys.renew(days);
    if (renewed === null) return;
    const { made, before, kept, forgotten } = renewed;
    void record('params-key', {
      ...{ params_key: made.id, previous: before.id, kept },
      forgotten: forgotten?.id ?? null,
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    log.error({ reason: error.message }, 'no new params key could be made; the present one is used on');
  }
}
