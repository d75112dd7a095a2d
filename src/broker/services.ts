import type { Log } from '../shared/log.ts';
import type { LaunchTurns } from './admit/launch-turns.ts';
import type { Limiter } from './admit/limiter.ts';
import type { TokenBuckets } from './admit/token-buckets.ts';
import type { DriverLogs } from './logs/driver-logs.ts';
import type { MonitorLink } from './monitor-link.ts';
import type { PersistentDrivers } from './persistent/drivers.ts';
import type { Pools } from './pool/pools.ts';
import type { LinesBeside } from './scrub/beside/lines-beside.ts';
import type { KeptIndexes } from './scrub/kept-indexes.ts';
import type { Scrubber } from './scrub/scrubber.ts';

/** What stages use beside the call itself. */
export interface Services {
  readonly monitor: MonitorLink;
  readonly limiter: Limiter;
  readonly rates: TokenBuckets;
  readonly launchTurns: LaunchTurns;
  readonly pools: Pools;
  readonly persistent: PersistentDrivers;
  readonly indexes: KeptIndexes;
  readonly linesBeside: LinesBeside;
  readonly log: Log;
  /** For text that belongs to no launch: it knows no driver's secrets. */
  readonly scrubber: () => Scrubber;
  readonly driverLogs: DriverLogs;
  readonly isDraining: () => boolean;
  readonly isPaused: () => boolean;
}
