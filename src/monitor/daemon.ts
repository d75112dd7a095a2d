import { buildId } from '../boundary/build.ts';
import type { BrokerControl } from '../boundary/messages.ts';
import { buildSeccompFilter } from '../posix/seccomp.ts';
import type { Log } from '../shared/log.ts';
import { type AuditFields, openAuditLog } from './audit/log.ts';
import { loadParamsKey } from './audit/params-hash.ts';
import { createRefusals } from './audit/refusals.ts';
import { type BrokerLink, startBroker } from './broker/broker-link.ts';
import { createDispatch, type Dispatch } from './broker/dispatch.ts';
import { createRestartDelay } from './broker/restart-delay.ts';
import { createCalls } from './calls.ts';
import { createExchange } from './configuration/exchange.ts';
import { loadGeneration } from './configuration/load.ts';
import { createReloader } from './configuration/reloader.ts';
import type { Installation } from './installation.ts';
import { BROKER_FILTER, DRIVER_FILTER } from './launch/filter.ts';
import { createLaunches } from './launch/launches.ts';
import { sweepLaunches } from './launch/sweep.ts';
import { openListener } from './listen/open-listener.ts';
import { openFilesLimit } from './open-files.ts';
import type { Options } from './options.ts';
import { createSessions, type Session, sessionsForDescriptors } from './session/sessions.ts';
import { claimStateFolder } from './state-folder.ts';
import { VERSION } from './version.ts';

/** Refusals of one identity that are written whole in a window; the rest of the window is counted (invariant 11). */
const REFUSALS_WHOLE = 100;
const REFUSALS_WINDOW_MS = 10_000;
const REFUSALS_IDENTITIES = 1_024;
/** Groups of a caller that its session's record names; how many there are stands beside them. */
const RECORDED_GROUPS = 256;
/** Characters of a reason that a record holds. */
const RECORDED_REASON = 512;

export interface Daemon {
  readonly socket: string;
  readonly development: boolean;
  /** Loads everything anew and takes it, or keeps what runs; one at a time. */
  reload(): Promise<void>;
  /** Takes no more connections, lets calls end within `drain_ms`, kills the rest, closes the log. */
  stop(): Promise<void>;
}

/**
 * Starts everything in an order in which nothing is served before it can be recorded: state, configuration, audit log,
 * sweep, broker, and only then the listener.
 * @throws Error whose message is for the admin
 */
export async function startDaemon(options: Options, installation: Installation, log: Log): Promise<Daemon> {
  claimStateFolder(options.state);
  let current = loadGeneration(1, options, installation);
  const generations = new Map([[current.number, current]]);
  log.level = current.settings.log_level;
  const audit = await openAuditLog({ path: current.settings.audit.path, stateFolder: options.state });
  const key = loadParamsKey(options.state);
  const { notes, killed } = sweepLaunches(options.state);
  const started = new Date().toISOString();
  const build = buildId();
  const rootless = process.geteuid?.() !== 0;

  function record(event: string, facts: AuditFields, durable = false): Promise<unknown> {
    const written = audit.append(event, facts, {}, durable);
    written.catch((error: unknown) => {
      audit.countRefused();
      log.error(
        { event, reason: error instanceof Error ? error.message : 'unknown' },
        'a record was not written',
      );
    });
    return written;
  }

  const refusals = createRefusals({
    wholePerWindow: REFUSALS_WHOLE,
    windowMs: REFUSALS_WINDOW_MS,
    maximumIdentities: REFUSALS_IDENTITIES,
    write: (aggregate) => record('refusals', { ...aggregate }),
  });
  const calls = createCalls(audit, key, refusals, () => current.settings.audit.durability);
  const exchange = createExchange();
  const restartDelay = createRestartDelay();
  const brokerFilter = buildSeccompFilter(BROKER_FILTER);
  let stopping = false;
  let drained: () => void = () => undefined;
  let link: BrokerLink | undefined;
  let serving = false;

  const launchFailed = (profile: string, why: string): void =>
    log.error({ profile, reason: why }, 'a driver was not started');
  const launches = createLaunches(buildSeccompFilter(DRIVER_FILTER), notes, {
    record: ({ number, profile, call, session, isolation }) =>
      audit.append(
        'launch',
        { launch: number, profile, session, isolation: { ...isolation } },
        { call },
        false,
      ),
    ended({ number, profile, session }, end, status, ranMs) {
      void record('launch-end', { launch: number, profile, session, end, status, ran_ms: ranMs });
    },
    failed: launchFailed,
  });

  function passSession(session: Session): void {
    const { number, caller, copy } = session;
    const passed = link?.pass({
      ...{ kind: 'session', number, descriptors: [copy.number] },
      message: { type: 'session', session: number, ...caller },
      settled(taken) {
        session.taken = session.taken || taken;
      },
    });
    if (passed === false) sessions.close(number, 'stopping');
  }

  audit.onStateChange((state, why) => {
    link?.send({ type: 'audit-state', state, refused: audit.refusedWithoutRecord });
    log.warn({ state, reason: why }, 'the state of the audit log changed');
  });

  function onConfiguration(
    message: Extract<BrokerControl, { type: 'hello' | 'accepted' | 'refused' | 'retired' }>,
  ): void {
    if (message.type === 'retired') {
      if (message.generation !== current.number) generations.delete(message.generation);
    } else if (message.type !== 'hello') {
      exchange.answered(message);
    } else if (message.build !== build) {
      // Files were upgraded under a running monitor: a clean restart is the only sound way on.
      log.fatal('the files of driverd have changed: ending for a clean restart');
      void stop(1);
    } else {
      void configureBroker();
    }
  }

  /** Gives a new broker what runs, then the sessions that nobody has taken yet. */
  async function configureBroker(): Promise<void> {
    const target = link;
    if (target === undefined) return;
    const refused = await exchange.offer(current, target.send);
    if (refused !== null) {
      configured(refused);
      return target.kill(`it refused what runs: ${refused}`);
    }
    target.send({ type: 'audit-state', state: audit.state, refused: audit.refusedWithoutRecord });
    serving = true;
    configured(null);
    for (const session of sessions.all()) if (!session.taken) passSession(session);
  }

  let configured: (refused: string | null) => void = () => undefined;

  function launchBroker(): void {
    let dispatch: Dispatch | undefined;
    const next = startBroker(current.broker, brokerFilter, {
      control: (message) => dispatch?.control(message),
      audit: (message) => dispatch?.audit(message),
      ended: (why) => brokerEnded(next, why),
      dead: () => undefined,
    });
    link = next;
    dispatch = createDispatch({
      ...{ link: next, log: audit, refusals, calls, sessions, launches, onConfiguration },
      generation: (number) => generations.get(number),
      current: () => current,
      isDraining: () => stopping,
      onDrained: () => drained(),
      failed: launchFailed,
    });
    next.ready.then(
      (ready) => {
        const { way, uid, gid } = current.broker.sandbox;
        void record('broker-start', {
          pid: ready.firstPid,
          way,
          uid,
          gid,
          degraded: current.broker.degraded,
        });
      },
      () => undefined,
    );
    next.send({ type: 'hello', build, version: VERSION, rootless, started });
  }

  function brokerEnded(ended: BrokerLink, why: string): void {
    if (link !== ended) return;
    link = undefined;
    serving = false;
    launches.endAll('broker-ended');
    for (const session of [...sessions.all()])
      if (session.taken) sessions.close(session.number, 'broker-ended');
    exchange.abort();
    configured(`Cannot start: the broker ended: ${why}`);
    drained();
    if (stopping) return;
    log.error({ reason: why }, 'the broker ended');
    void record('broker-ended', { reason: why.slice(0, 256) });
    calls.interrupt().catch(audit.countRefused);
    setTimeout(() => {
      if (!stopping) launchBroker();
    }, restartDelay.afterEnd());
  }

  const socket = options.socket ?? current.settings.socket.path;
  const descriptors = sessionsForDescriptors(openFilesLimit());
  const server = await openListener(current.settings.socket, socket);
  const sessions = createSessions(server, () => Math.min(current.settings.limits.connections, descriptors), {
    opened(session) {
      void record('session', {
        session: session.number,
        ...session.caller,
        groups: session.caller.groups.slice(0, RECORDED_GROUPS),
        group_count: session.caller.groups.length,
        unit: session.caller.unit && { ...session.caller.unit },
      });
      if (serving) passSession(session);
    },
    closed(session, why) {
      void record('session-end', { session: session.number, uid: session.caller.uid, reason: why });
      if (session.taken) link?.send({ type: 'session-gone', session: session.number });
    },
    refused(why, detail) {
      log.warn({ reason: why, detail }, 'a connection was refused');
      void record('session-refused', { reason: why });
    },
  });

  const reload = createReloader(current.number, {
    load: (number) => loadGeneration(number, options, installation),
    async offer(next) {
      const target = link;
      if (target === undefined) return 'the broker is not there';
      generations.set(next.number, next);
      const refused = await exchange.offer(next, target.send);
      if (refused !== null) generations.delete(next.number);
      return refused;
    },
    taken(next) {
      current = next;
      log.level = current.settings.log_level;
      log.info({ generation: next.number }, 'the configuration was reloaded');
      return record('reload', { generation: next.number, digest: next.digest }, true);
    },
    refused(why) {
      log.error({ reason: why }, 'the configuration was not reloaded; the running one stays');
      void record('reload-refused', { reason: why.slice(0, RECORDED_REASON) });
    },
  });

  async function stop(status = 0): Promise<void> {
    if (stopping) return;
    stopping = true;
    server.close();
    await new Promise<void>((resolve) => {
      drained = resolve;
      if (link === undefined) return resolve();
      setTimeout(resolve, current.settings.drain_ms);
      link.send({ type: 'drain' });
    });
    launches.endAll('stopping');
    await launches.whenEmpty();
    sessions.stop();
    link?.kill('stopping');
    await refusals.close().catch(audit.countRefused);
    await calls.interrupt().catch(audit.countRefused);
    await record('daemon-stop', { status }, true).catch(() => undefined);
    await audit.close();
    process.exitCode = status;
    setImmediate(() => process.exit(status));
  }

  await record(
    'daemon-start',
    {
      ...{
        version: VERSION,
        build,
        rootless,
        generation: current.number,
        digest: current.digest,
        swept: killed,
      },
      ...{ development: current.settings.development, durability: current.settings.audit.durability },
    },
    true,
  );
  const refused = await new Promise<string | null>((resolve) => {
    configured = resolve;
    launchBroker();
  });
  if (refused !== null) {
    await stop(1);
    throw new Error(refused);
  }
  return { socket, development: current.settings.development, reload, stop: () => stop(0) };
}
