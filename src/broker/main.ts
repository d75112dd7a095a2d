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
import { createLog } from '../shared/log.ts';
import { createLimiter } from './admit/limiter.ts';
import { discoverMethod } from './builtin/discover.ts';
import { type DaemonState, statusMethod } from './builtin/status.ts';
import { createConfigurationReceiver } from './configuration/receiver.ts';
import { createConnections } from './connection/connections.ts';
import { openMonitorLink } from './monitor-link.ts';
import { keepIndexes } from './scrub/kept-indexes.ts';
import type { Services } from './services.ts';

const EXIT_WITHOUT_MONITOR = 1;

function main(): void {
  // Without a handler SIGUSR1 would open Node's inspector.
  process.on('SIGUSR1', () => undefined);
  const log = createLog('broker', 'info');
  const limiter = createLimiter();
  let hello = { version: '', build: '', rootless: false, started: '' };
  let audit: DaemonState['audit'] = { state: 'writing', refused: 0 };
  let draining = false;

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
          audit = { state: message.state, refused: message.refused };
          return;
        case 'session-gone':
          return connections.close(message.session);
        case 'drain':
          draining = true;
          void limiter
            .whenIdle()
            .then(connections.whenReplied)
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
  });
  const builtIns = [discoverMethod(() => hello.version), statusMethod(status)];
  const receiver = createConfigurationReceiver(builtIns, monitor.send, (generation) => {
    log.level = generation.settings.log_level;
  });
  const services: Services = { monitor, limiter, indexes: keepIndexes(), log, isDraining: () => draining };
  const connections = createConnections(receiver.current, services);
}

main();
