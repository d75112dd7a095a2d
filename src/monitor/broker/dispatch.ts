import type { BrokerAudit, BrokerControl } from '../../boundary/messages.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Refusals } from '../audit/refusals.ts';
import type { Calls, RecordedCall } from '../calls.ts';
import type { Generation } from '../configuration/load.ts';
import type { Launch, Launches } from '../launch/launches.ts';
import type { PooledLaunches } from '../launch/pooled.ts';
import type { Session, Sessions } from '../session/sessions.ts';
import { createAuditValve } from './audit-valve.ts';
import type { ConfigurationMessage } from './broker-life.ts';
import type { BrokerLink } from './broker-link.ts';
import { createLaunching } from './launching.ts';

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
  readonly pooled: PooledLaunches;
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
  const { link, log, calls, sessions, launches, pooled } = targets;
  const launching = createLaunching(targets);
  const valve = createAuditValve(link, {
    records: () => targets.current().settings.limits.audit_records_per_second,
    bytes: () => targets.current().settings.limits.audit_bytes_per_second,
  });

  /** @param uncounted counts what could have no record */
  function answerWhenWritten(
    serial: number,
    written: Promise<RecordedCall>,
    uncounted = log.countRefused,
  ): void {
    const done = valve.writing();
    written.then(
      ({ isTold }) => {
        done();
        if (!isTold) link.recorded(serial);
      },
      () => {
        done();
        uncounted();
        link.unrecorded(serial, 'audit-unavailable');
      },
    );
  }

  function intent(message: Extract<BrokerAudit, { type: 'intent' }>): void {
    const { serial } = message;
    const state = sessions.state(message.session);
    if (state === 'never-was') return link.kill('it named a session that never was');
    const session = sessions.get(message.session);
    if (session === undefined) return link.unrecorded(serial, 'unknown-session');
    if (state === 'gone') return link.unrecorded(serial, 'peer-gone');
    if (calls.open >= OPEN_CALLS_FACTOR * targets.current().settings.limits.in_flight) {
      return link.unrecorded(serial, 'too-many-calls');
    }
    const generation = targets.generation(message.generation);
    if (generation === undefined) {
      return link.unrecorded(serial, 'stale-generation');
    }
    // What is built in starts nothing, and `rpc.status` is how one sees that driverd is paused.
    if (targets.isPaused() && !message.method.startsWith('rpc.')) {
      return link.unrecorded(serial, 'paused');
    }
    const profile = message.method.slice(0, Math.max(0, message.method.indexOf('.')));
    const served = { call: message.call, session: session.number };
    const use =
      message.launch === null ? null : pooled.use(message.launch, served, generation.drivers.get(profile));
    if (use?.kind === 'untrue') return link.kill(use.why);
    if (use?.kind === 'gone') return link.unrecorded(serial, 'launch-gone');
    const written = calls.intent(session, message, link.noticeOf(serial));
    if (written === false) return link.kill('it used a call number twice');
    if (use?.launch.purpose.kind === 'pool') {
      // Beside the record, once that is on its way: behind its gate a command waits for what comes with the hand-over, on a
      // stdin that nobody has yet.
      setImmediate(use.launch.open);
      handOverWhenWritten(use.launch, written);
    }
    answerWhenWritten(serial, written);
  }

  /** One that stood ready is its call's alone, also where that has no record: then it ends unused. */
  function handOverWhenWritten(launch: Launch, written: Promise<unknown>): void {
    written.then(
      () => launching.handOver(launch),
      () => launches.end(launch.number, 'asked'),
    );
  }

  return {
    control(message) {
      switch (message.type) {
        case 'launch':
          return launching.launch(message);
        case 'prestart':
          return launching.prestart(message);
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
          // The outcome tells how its launch ended.
          launches.settleDead();
          const written = calls.outcome(message, link.noticeOf(message.serial));
          if (written === false) return link.kill('it ended a call that never began');
          return answerWhenWritten(message.serial, written, log.countUnrecorded);
        }
        case 'refusal': {
          if (sessions.state(message.session) === 'never-was')
            return link.kill('it named a session that never was');
          const session = sessions.get(message.session);
          if (session === undefined) {
            return link.unrecorded(message.serial, 'unknown-session');
          }
          const refused = calls.refusal(session, message);
          if ('written' in refused) return answerWhenWritten(message.serial, refused.written);
          // No record of its own is on its way, and others need not wait for this one's caller.
          void refused.counted.then(() => link.recorded(message.serial));
          return;
        }
      }
    },
  };
}
