import type { BrokerAudit, BrokerControl, LaunchRefusal } from '../../boundary/messages.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { Calls } from '../calls.ts';
import type { Generation } from '../configuration/load.ts';
import type { Launch, Launches, LaunchRequest } from '../launch/launches.ts';
import { createRate } from '../rate.ts';
import type { Session, Sessions } from '../session/sessions.ts';
import { createAuditValve } from './audit-valve.ts';
import type { ConfigurationMessage } from './broker-life.ts';
import type { BrokerLink } from './broker-link.ts';

/** Calls that may be open for each that may be in flight: their outcomes are on their way. */
const OPEN_CALLS_FACTOR = 4;

/** What the dispatch of one broker's messages works on. */
export interface DispatchTargets {
  readonly link: BrokerLink;
  readonly log: AuditLog;
  readonly refusals: Refusals;
  readonly calls: Calls;
  readonly sessions: Sessions;
  readonly launches: Launches;
  generation(number: number): Generation | undefined;
  current(): Generation;
  isDraining(): boolean;
  isPaused(): boolean;
  /** Begins a pause; a broker can ask for one, and for no end of it. */
  pause(session: Session): void;
  onConfiguration(message: ConfigurationMessage): void;
  onDrained(): void;
  /** Why a launch failed, for the operational log. */
  failed(profile: string, why: string): void;
}

/** The closed table: one row for each thing a broker may ask. What is not true ends the broker. */
export interface Dispatch {
  control(message: BrokerControl): void;
  /** @param bytes its length */
  audit(message: BrokerAudit, bytes: number): void;
}

export function createDispatch(targets: DispatchTargets): Dispatch {
  const { link, log, calls, sessions, launches } = targets;
  const launchRate = createRate(() => targets.current().settings.limits.launches_per_second);
  const valve = createAuditValve(link, {
    records: () => targets.current().settings.limits.audit_records_per_second,
    bytes: () => targets.current().settings.limits.audit_bytes_per_second,
  });

  type LaunchMessage = Extract<BrokerControl, { type: 'launch' }>;

  function refuseLaunch(message: LaunchMessage, reason: LaunchRefusal): void {
    link.send({ type: 'launch-refused', request: message.request, reason });
    const uid = sessions.get(message.session)?.caller.uid ?? targets.current().broker.sandbox.uid;
    if (targets.refusals.admit(uid, `launch ${reason}`) !== 'whole') return;
    const facts = { session: message.session, reason };
    log
      .append('launch-refused', facts, { profile: message.profile, call: message.call }, false)
      .catch(log.countUnrecorded);
  }

  async function launch(message: LaunchMessage): Promise<void> {
    const { session, call, profile } = message;
    const generation = targets.generation(message.generation);
    const state = sessions.state(session);
    if (state === 'never-was') return link.kill('it named a session that never was');
    if (generation === undefined) return refuseLaunch(message, 'stale-generation');
    const plan = generation.drivers.get(profile);
    if (plan === undefined) return refuseLaunch(message, 'unknown-profile');
    if (state !== 'live') return refuseLaunch(message, state === 'gone' ? 'peer-gone' : 'unknown-session');
    if (log.state === 'failing') return refuseLaunch(message, 'audit-unavailable');
    if (targets.isPaused()) return refuseLaunch(message, 'paused');
    if (launches.alive >= generation.settings.limits.launches)
      return refuseLaunch(message, 'too-many-launches');
    if (!launchRate.take()) return refuseLaunch(message, 'too-many-launches-per-second');
    const started = await startOrRefuse({ call, session, plan });
    if (typeof started === 'string') return refuseLaunch(message, started);
    passLaunch(message, started);
  }

  /** What this process lacks (descriptors, memory, processes) refuses one launch and ends nothing else (L15, O12). */
  async function startOrRefuse(request: LaunchRequest): Promise<Launch | LaunchRefusal> {
    try {
      return await launches.start(request);
    } catch (error) {
      targets.failed(request.plan.name, error instanceof Error ? error.message : 'unknown');
      return 'sandbox-failed';
    }
  }

  function passLaunch(message: LaunchMessage, started: Launch): void {
    const { number, isolation, brokerEnds, secrets } = started;
    const closeEnds = (): void => {
      for (const end of brokerEnds) end.close();
    };
    const passed = link.pass({
      kind: 'launch',
      number,
      descriptors: brokerEnds,
      message: {
        ...{ type: 'launched', request: message.request, launch: number, isolation },
        secrets: secrets.map(({ name, value }) => ({ name, value: Buffer.from(value).toString('base64') })),
      },
      sent: closeEnds,
      settled(taken) {
        closeEnds();
        if (!taken) return launches.end(number, 'untaken');
        // Only now: an end must not overtake the launch that it ends.
        void started.ended.then(({ end, status }) =>
          link.send({ type: 'launch-ended', launch: number, end, status }),
        );
      },
    });
    if (!passed) {
      closeEnds();
      return launches.end(number, 'untaken');
    }
    // One that ended while it waited holds nothing here any more: else a broker that takes nothing could use up this
    // process's descriptors, since only launches that are alive count.
    void started.ended.then(() => {
      if (!link.withdraw('launch', number)) return;
      closeEnds();
      refuseLaunch(message, 'sandbox-failed');
    });
  }

  /** @param uncounted counts what could have no record */
  function answerWhenWritten(serial: number, written: Promise<unknown>, uncounted = log.countRefused): void {
    const done = valve.writing();
    written.then(
      () => {
        done();
        link.answer({ type: 'recorded', serial });
      },
      () => {
        done();
        uncounted();
        link.answer({ type: 'unrecorded', serial, reason: 'audit-unavailable' });
      },
    );
  }

  function intent(message: Extract<BrokerAudit, { type: 'intent' }>): void {
    const { serial } = message;
    const state = sessions.state(message.session);
    if (state === 'never-was') return link.kill('it named a session that never was');
    const session = sessions.get(message.session);
    if (session === undefined) return link.answer({ type: 'unrecorded', serial, reason: 'unknown-session' });
    if (state === 'gone') return link.answer({ type: 'unrecorded', serial, reason: 'peer-gone' });
    if (calls.open >= OPEN_CALLS_FACTOR * targets.current().settings.limits.in_flight) {
      return link.answer({ type: 'unrecorded', serial, reason: 'too-many-calls' });
    }
    if (targets.generation(message.generation) === undefined) {
      return link.answer({ type: 'unrecorded', serial, reason: 'stale-generation' });
    }
    // What is built in starts nothing, and `rpc.status` is how one sees that driverd is paused.
    if (targets.isPaused() && !message.method.startsWith('rpc.')) {
      return link.answer({ type: 'unrecorded', serial, reason: 'paused' });
    }
    const written = calls.intent(session, message);
    if (written === false) return link.kill('it used a call number twice');
    answerWhenWritten(serial, written);
  }

  return {
    control(message) {
      switch (message.type) {
        case 'launch':
          void launch(message);
          return;
        case 'end-launch':
          if (message.launch > launches.last) return link.kill('it named a launch that never was');
          return launches.end(message.launch, 'asked');
        case 'terminate-launch':
          if (message.launch > launches.last) return link.kill('it named a launch that never was');
          return launches.terminate(message.launch);
        case 'close-session':
          if (sessions.state(message.session) === 'never-was')
            return link.kill('it named a session that never was');
          return sessions.close(message.session, 'broker-closed');
        case 'pause': {
          const session = sessions.get(message.session);
          if (sessions.state(message.session) === 'never-was')
            return link.kill('it named a session that never was');
          return session === undefined ? undefined : targets.pause(session);
        }
        case 'drained':
          if (!targets.isDraining()) return link.kill('it drained without being asked');
          return targets.onDrained();
        case 'taken':
          return;
        case 'hello':
        case 'accepted':
        case 'refused':
        case 'retired':
          return targets.onConfiguration(message);
      }
    },
    audit(message, bytes) {
      valve.came(bytes);
      switch (message.type) {
        case 'intent':
          return intent(message);
        case 'outcome': {
          const written = calls.outcome(message);
          if (written === false) return link.kill('it ended a call that never began');
          return answerWhenWritten(message.serial, written, log.countUnrecorded);
        }
        case 'refusal': {
          if (sessions.state(message.session) === 'never-was')
            return link.kill('it named a session that never was');
          const session = sessions.get(message.session);
          if (session === undefined) {
            return link.answer({ type: 'unrecorded', serial: message.serial, reason: 'unknown-session' });
          }
          const refused = calls.refusal(session, message);
          if ('written' in refused) return answerWhenWritten(message.serial, refused.written);
          // No record of its own is on its way, and others need not wait for this one's caller.
          void refused.counted.then(() => link.answer({ type: 'recorded', serial: message.serial }));
          return;
        }
      }
    },
  };
}
