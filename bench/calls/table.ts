import { measureBesideFlooder } from './beside-flooder.ts';
import type { Effort } from './effort.ts';
import { measureGrowth } from './growth.ts';
import { measureLargeResults } from './large-results.ts';
import { measureLaunching } from './launching.ts';
import type { Measurement } from './measurement.ts';
import { measureMemory } from './memory.ts';
import { measurePersistent } from './persistent.ts';
import { measureStart } from './start.ts';

/** What the table is made of, in its order. */
export const SECTIONS: Readonly<Record<string, (effort: Effort) => Promise<readonly Measurement[]>>> = {
  launching: measureLaunching,
  persistent: measurePersistent,
  'large-results': measureLargeResults,
  'beside-flooder': measureBesideFlooder,
  start: measureStart,
  memory: measureMemory,
  growth: measureGrowth,
};

/** The rows that are asked for by name; any run has them all. */
export const ASKED_ROWS = [
  ...['prestarted_call', 'cold_call', 'persistent_64', 'persistent_1_extra_us', 'result_1mib'],
  ...['start_to_first_reply_ms', 'idle_pss_mb', 'growth_worst'],
] as const;
