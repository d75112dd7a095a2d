import { setTimeout as wait } from 'node:timers/promises';
import { buildId } from '../boundary/build.ts';
import { buildSeccompFilter } from '../posix/seccomp.ts';
import type { Log } from '../shared/log.ts';
import { createRecording } from './audit/call-recording.ts';
import type { AuditFields } from './audit/log.ts';
import { closeEarlierCalls } from './audit/open-calls.ts';
import { openParamsKeys } from './audit/params-keys.ts';
import { createBrokerLife } from './broker/broker-life.ts';
import { createDispatch } from './broker/dispatch.ts';
import { createConfigurationLife } from './configuration/configuration-life.ts';
import type { Expected } from './configuration/exchange.ts';
import { createGenerations } from './configuration/generations.ts';
import { openGrantNotes } from './configuration/grant-notes.ts';
import { type ConfigurationFile, type Generation, loadGeneration } from './configuration/load.ts';
import type { DriverPlan } from './configuration/plan.ts';
import { markOfPlan } from './configuration/pool-plan.ts';
import { filesFacts } from './configuration/recorded-configuration.ts';
import { auditState, auditStatus, openDaemonAudit } from './daemon-audit.ts';
import type { Installation } from './installation.ts';
import { checkBubblewrap } from './launch/bubblewrap.ts';
import { openCgroups } from './launch/cgroups.ts';
import { openContainers } from './launch/container/containers.ts';
import { BROKER_FILTER } from './launch/filter.ts';
import { createFilters } from './launch/filters.ts';
import { expectIsolation } from './launch/isolation.ts';
import { createPooledLaunches } from './launch/pooled.ts';
import { createRecordedLaunches } from './launch/recorded-launches.ts';
import { sweepLaunches } from './launch/sweep.ts';
import type { PassedSocket } from './listen/activation.ts';
import { openListener } from './listen/open-listener.ts';
import { openFilesLimit } from './open-files.ts';
import type { Options } from './options.ts';
import { openPause } from './pause.ts';
import type { ServiceManager } from './service-manager.ts';
import { createRecordedSessions } from './session/recorded-sessions.ts';
import { sessionsForDescriptors } from './session/sessions.ts';
import { claimStateFolder } from './state-folder.ts';
import { VERSION } from './version.ts';
import { WorthAnotherTry, worthAnotherTry } from './worth-another-try.ts';

/** How long a stop waits for the outcomes of calls whose drivers it has killed, in milliseconds. */
const LAST_OUTCOMES_MS = 1_000;
/** The longest that a stop takes behind its drain: dead drivers, the last records, in milliseconds. */
const AFTER_DRAIN_MS = 20_000;
/** Characters of a reason that a record holds. */
const RECORDED_REASON = 512;

export interface Daemon {
  readonly socket: string;
  readonly development: boolean;
  /** How it is, in one line. */
  status(): string;
  /** Loads everything anew and takes it, or keeps what runs; one at a time. */
  reload(): Promise<void>;
  /** Takes no more connections, lets calls end within `drain_ms`, kills the rest, closes the log. */
  stop(): Promise<void>;
}

/** As compiled: this module lies in one file with the whole monitor then, which is in the same folder. */
const AUDIT_THREADS = {
  appending: new URL('./audit/appending-thread.js', import.meta.url),
  compressing: new URL('./audit/compressing-thread.js', import.meta.url),
};

/** What the broker said is a claim: printable text, bounded by the boundary. */
function saidClaim(said: string | null): AuditFields {
  return said === null ? {} : { said: said.slice(0, RECORDED_REASON) };
}

/** What a daemon is started with. */
export interface Start {
  readonly options: Options;
  readonly installation: Installation;
  readonly log: Log;
  readonly manager: ServiceManager;
  /** A listener that a service manager made; null: the daemon makes its own. */
  readonly passed: PassedSocket | null;
}

/**
 * Starts everything in an order in which nothing is served before it can be recorded: state, configuration, audit log,
 * sweep, listener, broker.
 * @throws Error whose message is for the admin, WorthAnotherTry where nothing has to be changed first
 */
export async function startDaemon({ options, installation, log, manager, passed }: Start): Promise<Daemon> {
  checkBubblewrap();
  claimStateFolder(options.state);
  const cgroups = openCgroups(options.state);
  const filters = createFilters();
  function load(number: number, files: ConfigurationFile[] = []): Generation {
    const controllers = cgroups?.controllers ?? new Set();
    const generation = loadGeneration(number, options, installation, controllers, files);
    for (const plan of generation.drivers.values()) filters.of(plan.filter);
    return generation;
  }
  const first = load(1);
  const generations = createGenerations(first);
  log.level = first.settings.log_level;
  const auditSettings = (): Generation['settings']['audit'] => generations.current.settings.audit;
  const { path } = auditSettings();
  // Before the log, which may write a record when it is opened.
  const keys = openParamsKeys(options.state);
  const logPlace = { path, stateFolder: options.state, settings: auditSettings };
  const audit = await openDaemonAudit(logPlace, AUDIT_THREADS, log);
  const interrupted = await closeEarlierCalls(audit).catch(worthAnotherTry);
  const { notes, killed } = sweepLaunches(options.state);
  const containers = openContainers(options.state, (why) =>
    log.error({ reason: why }, 'a container was not deleted; the next start tries again'),
  );
  const pause = openPause(options.state);
  const grantNotes = openGrantNotes(options.state);
  const started = new Date().toISOString();
  const build = buildId();
  const rootless = process.geteuid?.() !== 0;

  const { record, refusals, calls } = createRecording(audit, log, keys, generations);
  let stopping = false;
  let drained: () => void = () => undefined;

  const launchFailed = (profile: string, why: string): void =>
    log.error({ profile, reason: why }, 'a driver was not started');
  const means = { filters, notes, cgroups, containers };
  const launches = createRecordedLaunches(means, { audit, record, calls, pause, log });
  const pooled = createPooledLaunches(launches, (plan) => {
    const now = generations.current.drivers.get(plan.name);
    return !stopping && pause.since === null && now !== undefined && markOfPlan(now) === markOfPlan(plan);
  });

  function tellPause(facts: AuditFields): void {
    const { since } = pause;
    log.warn({ since }, since === null ? 'the pause has ended' : 'paused: calls of drivers are refused');
    void record(since === null ? 'resume' : 'pause', { since, ...facts }, {}, true);
    if (since !== null) pooled.retireAll();
    broker.link?.send({ type: 'pause-state', since });
    manager.status(status());
  }

  function status(): string {
    const { drivers, number } = generations.current;
    const paused = pause.since === null ? '' : `; paused since ${pause.since}`;
    return `${drivers.size} drivers enabled, configuration ${number}${auditStatus(audit)}${paused}`;
  }

  audit.onStateChange((state, why) => {
    broker.link?.send(auditState(audit));
    log.warn({ state, conditions: audit.conditions, reason: why }, 'the state of the audit log changed');
    if (state === 'writing') calls.closeUnrecorded().catch(audit.countUnrecorded);
    manager.status(status());
  });

  const hello = { type: 'hello' as const, build, version: VERSION, rootless, started };
  const expected = (plan: DriverPlan): ReturnType<Expected> => ({
    isolation: expectIsolation(plan, filters.of(plan.filter), cgroups !== null),
    widened: grantNotes.widened(plan),
  });
  const brokerFilter = buildSeccompFilter(BROKER_FILTER);
  const broker = createBrokerLife(generations, brokerFilter, hello, expected, {
    dispatch: (link) =>
      createDispatch({
        ...{ link, log: audit, refusals, calls, sessions, launches, pooled },
        onConfiguration: (message) => broker.configuration(message),
        generation: generations.get,
        current: () => generations.current,
        isDraining: () => stopping,
        isPaused: () => pause.since !== null,
        pause({ number, caller }) {
          if (pause.since !== null) return;
          const reason = pause.begin();
          if (reason !== null)
            log.error({ reason }, 'paused, and a restart would end it: it could not be kept');
          tellPause({ session: number, uid: caller.uid });
        },
        onDrained: () => drained(),
        failed: launchFailed,
      }),
    started({ firstPid }) {
      const { sandbox, degraded } = generations.current.broker;
      const { way, uid, gid } = sandbox;
      void record('broker-start', { pid: firstPid, way, uid, gid, degraded });
    },
    serving(link) {
      link.send(auditState(audit));
      link.send({ type: 'pause-state', since: pause.since });
      sessions.passUntaken();
    },
    ended(why, said) {
      // The ends of its calls tell how their launches ended.
      launches.settleDead();
      launches.endAll('broker-ended');
      for (const session of [...sessions.all()])
        if (session.taken) sessions.close(session.number, 'broker-ended');
      drained();
      if (stopping) return;
      log.error({ reason: why, said }, 'the broker ended');
      void record('broker-ended', { reason: why.slice(0, RECORDED_REASON) }, saidClaim(said));
      calls.interrupt('broker-ended').catch(audit.countUnrecorded);
    },
    filesChanged() {
      log.fatal('the files of driverd have changed: ending for a clean restart');
      void stop(1);
    },
  });

  const socket = options.socket ?? first.settings.socket.path;
  const descriptors = sessionsForDescriptors(openFilesLimit());
  const server = await (passed?.listen() ?? openListener(first.settings.socket, socket));
  const limits = {
    sessions: () => Math.min(generations.current.settings.limits.connections, descriptors),
    perSecond: () => generations.current.settings.limits.connections_per_second,
  };
  const sessions = createRecordedSessions(server, limits, {
    ...{ broker, record, refusals, log },
    names: () => generations.current,
  });

  const configuration = createConfigurationLife({
    ...{ options, generations, grantNotes, keys, record, log, load, offer: broker.offer },
    own: { socket, log: first.settings.audit.path, state: options.state },
  });

  async function reloadAndResume(): Promise<void> {
    manager.reloading();
    if (pause.look()) tellPause({ by: 'state folder' });
    await configuration.reload();
    pooled.keepOnly(generations.current.drivers);
    if (!stopping) manager.ready(status());
  }

  async function stop(status: number): Promise<void> {
    if (stopping) return;
    await shutDown(status);
    process.exitCode = status;
    setImmediate(() => process.exit(status));
  }

  async function shutDown(status: number): Promise<void> {
    stopping = true;
    configuration.stop();
    const { drain_ms } = generations.current.settings;
    manager.stopping(drain_ms + AFTER_DRAIN_MS);
    broker.stopRestarting();
    server.close();
    pooled.retireAll();
    const whenDrained = new Promise<void>((resolve) => {
      drained = resolve;
      if (broker.link === undefined) resolve();
      broker.link?.send({ type: 'drain' });
    });
    await Promise.race([whenDrained, wait(drain_ms)]);
    launches.endAll('stopping');
    await launches.whenEmpty();
    // What was ended so has an outcome and a reply too, where the broker is not itself in the way.
    await Promise.race([whenDrained, wait(LAST_OUTCOMES_MS)]);
    cgroups?.close();
    sessions.stop();
    broker.link?.kill('stopping');
    await refusals.close().catch(audit.countUnrecorded);
    await calls.interrupt('stopping').catch(audit.countUnrecorded);
    await record('daemon-stop', { status }, {}, true).catch(() => undefined);
    await audit.close();
  }

  const recorded = record(
    'daemon-start',
    {
      ...{
        version: VERSION,
        build,
        rootless,
        generation: first.number,
        ...filesFacts(first),
        ...{ swept: killed, interrupted, params_key: keys.present.id },
      },
      ...{ development: first.settings.development, durability: first.settings.audit.durability },
      seal_keys: audit.sealKeys,
    },
    {},
    true,
  ).catch(worthAnotherTry);
  // The broker loads meanwhile: whatever it has recorded stands behind this record.
  const [notServing] = await Promise.all([broker.start(), recorded]);
  if (notServing !== null) {
    await shutDown(1);
    const why = `Cannot start: ${notServing.why}`;
    throw notServing.refused ? new Error(why) : new WorthAnotherTry(why);
  }
  configuration.begin();
  const { development } = first.settings;
  return { socket, development, status, reload: reloadAndResume, stop: () => stop(0) };
}
