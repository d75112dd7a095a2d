/**
 * The broker: the unprivileged process, and the only code that parses callers' or drivers' bytes. It frames, validates,
 * authorises, hands over, scrubs and replies.
 *
 * It trusts the monitor. It does not trust callers, drivers, or what either sends.
 *
 * It never sees the audit log, the keys or the state folder: in its sandbox they do not exist. It has no privilege, no
 * capability, no network and no way to hand a descriptor on; it asks the monitor by names and numbers.
 */
import '../posix/close-inherited.ts';
import { availableParallelism } from 'node:os';
import { spareMemory } from '../posix/spare-memory.ts';
import { createLog, flushLog } from '../shared/log.ts';
import { createLaunchTurns } from './admit/launch-turns.ts';
import { createLimiter } from './admit/limiter.ts';
import { createTokenBuckets } from './admit/token-buckets.ts';
import { cancelMethod } from './builtin/cancel.ts';
import { discoverMethod } from './builtin/discover.ts';
import { explainMethod } from './builtin/explain.ts';
import { isolationMethod } from './builtin/isolation.ts';
import { logsMethod } from './builtin/logs.ts';
import { pauseMethod } from './builtin/pause.ts';
import { type DaemonState, statusMethod } from './builtin/status.ts';
import { createConfigurationReceiver } from './configuration/receiver.ts';
import { createConnections } from './connection/connections.ts';
import { endByFault } from './end-by-fault.ts';
import { createDriverLogs } from './logs/driver-logs.ts';
import { scrubLogLine } from './logs/scrub-log-line.ts';
import { openMonitorLink } from './monitor-link.ts';
import { createPersistentDrivers } from './persistent/drivers.ts';
import { createPools } from './pool/pools.ts';
import { findLinesBeside } from './scrub/beside/lines-beside.ts';
import { keepIndexes } from './scrub/kept-indexes.ts';
import { createScrubber, type Scrubber } from './scrub/scrubber.ts';
import type { Services } from './services.ts';

/** What was compiled beside this program. */
const LOOKING_THREAD = new URL('./scrub/beside/thread.js', import.meta.url);
const EXIT_WITHOUT_MONITOR = 1;
/** Longest wait for the monitor's word that it has paused, in milliseconds. */
const PAUSED_WITHIN_MS = 5_000;

function main(): void {
  // Without a handler SIGUSR1 would open Node's inspector.
  process.on('SIGUSR1', () => undefined);
  spareMemory();
  const plain = createScrubber([]);
  /** Made anew for each text, which is a call of its own to the rules of a configuration. */
  let scrubber = (): Scrubber => plain;
  const log = createLog(
    'broker',
    'info',
    scrubLogLine(() => scrubber()),
  );
  endByFault(log);
  const driverLogs = createDriverLogs(log);
  const limiter = createLimiter();
  let hello = { version: '', build: '', rootless: false, started: '' };
  let audit: DaemonState['audit'] = { state: 'writing', refused: 0, conditions: [] };
  let draining = false;
  let pausedSince: string | null = null;
  const pauseWaiting = new Set<(since: string) => void>();

  const monitor = openMonitorLink({
    session: (message, descriptor) => connections.open(message, descriptor),
    message(message) {
      if (receiver.message(message)) return;
      switch (message.type) {
        case 'hello':
          hello = {
            version: message.version,
            build: message.build,
            rootless: message.rootless,
            started: message.started,
          };
          return;
        case 'audit-state':
          audit = { state: message.state, refused: message.refused, conditions: message.conditions };
          return;
        case 'pause-state':
          pausedSince = message.since;
          if (pausedSince === null) return startMissing();
          for (const settle of pauseWaiting) settle(pausedSince);
          return pauseWaiting.clear();
        case 'launch-stale':
          return persistent.stale(message.launch);
        case 'session-gone':
          return connections.close(message.session);
        case 'drain':
          draining = true;
          pools.stop();
          persistent.stop();
          driverLogs.rings.wake();
          void limiter
            .whenIdle()
            .then(connections.whenReplied)
            .then(driverLogs.finish)
            .then(() => flushLog(log))
            .then(() => monitor.send({ type: 'drained' }));
          return;
      }
    },
    broken(why) {
      log.fatal({ reason: why }, 'the monitor is gone');
      process.exit(EXIT_WITHOUT_MONITOR);
    },
  });
  const status = (): DaemonState => ({
    ...hello,
    audit,
    sessions: connections.count,
    callsInFlight: limiter.inFlight,
    pausedSince,
  });
  /** The monitor holds the pause: it is on when the monitor says so. */
  function pause(session: number): Promise<string> {
    if (pausedSince !== null) return Promise.resolve(pausedSince);
    monitor.send({ type: 'pause', session });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error('Cannot pause: the monitor did not')),
        PAUSED_WITHIN_MS,
      );
      pauseWaiting.add((since) => {
        clearTimeout(timer);
        resolve(since);
      });
    });
  }
  const launchTurns = createLaunchTurns(availableParallelism());
  const indexes = keepIndexes();
  const mayStart = (): boolean => !draining && pausedSince === null;
  const pools = createPools({ monitor, launchTurns, log, mayStart });
  const persistent = createPersistentDrivers({ monitor, launchTurns, log, driverLogs, indexes, mayStart });
  function startMissing(): void {
    pools.fill();
    persistent.fill();
  }
  const rates = createTokenBuckets();
  const builtIns = [
    discoverMethod(() => hello.version),
    statusMethod(status, (profile) => pools.status(profile) ?? persistent.status(profile)),
    isolationMethod,
    pauseMethod(pause),
    explainMethod(limiter, rates),
    logsMethod(driverLogs.rings, () => draining),
    cancelMethod,
  ];
  const receiver = createConfigurationReceiver(
    builtIns,
    monitor.send,
    (generation) => {
      log.level = generation.settings.log_level;
      const { scrub } = generation;
      // A mark tells what took too long; to log it would be another such text.
      scrubber = () => scrub.scrubber(scrub.known, () => undefined);
      pools.configure(generation);
      persistent.configure(generation);
      driverLogs.configure(new Set(generation.plans.keys()), generation.settings.limits);
    },
    () => scrubber(),
  );
  const services: Services = {
    monitor,
    limiter,
    rates,
    ...{ launchTurns, pools, persistent },
    indexes,
    linesBeside: findLinesBeside(LOOKING_THREAD, (error) =>
      log.error({ error }, 'the thread that looks at long texts has ended'),
    ),
    log,
    scrubber: () => scrubber(),
    driverLogs,
    isDraining: () => draining,
    isPaused: () => pausedSince !== null,
  };
  const connections = createConnections(receiver.current, services);
}

main();
