import { openChannel } from '../../boundary/channel.ts';
import { BROKER_FRAME_BYTES } from '../../boundary/frames.ts';
import {
  BROKER_AUDIT,
  BROKER_CONTROL,
  type BrokerAudit,
  type BrokerControl,
  type MonitorAudit,
  type MonitorControl,
} from '../../boundary/messages.ts';
import type { Descriptor } from '../../posix/descriptor.ts';
import { sendDescriptors } from '../../posix/descriptor-passing.ts';
import { makeNonblockingPipe, makePacketPair, type Pipe } from '../../posix/pipes.ts';
import type { SeccompFilter } from '../../posix/seccomp.ts';
import { holdNoticePipe, type Notice } from '../audit/notice-pipe.ts';
import type { BrokerPlan } from '../configuration/broker-plan.ts';
import { type ReadySandbox, type Sandbox, startSandbox } from '../launch/start-sandbox.ts';
import { answerRecords, type RecordAnswers } from './answer-records.ts';

const STDERR = 2;
/** Descriptors passed and not yet taken; the rest wait here. */
const MAXIMUM_UNTAKEN = 64;
/** What may wait to be passed. Sessions beyond it stay in the listener's backlog. */
const MAXIMUM_WAITING = 8_192;
/** Most bytes that a broker may leave unread before it is ended. */
const MAXIMUM_UNREAD_BYTES = 8_388_608;

export type PassedKind = 'session' | 'launch';

interface Passing {
  readonly kind: PassedKind;
  readonly number: number;
  readonly descriptors: readonly Descriptor[];
  readonly message: MonitorControl;
  /** The kernel holds the descriptors, and the message is on its way: those here may be closed. */
  sent?(): void;
  /** Called once: taken (true), or dropped with this broker or since its descriptors were closed (false). */
  settled(taken: boolean): void;
}

/** One life of the broker, with its three pairs. */
export interface BrokerLink extends RecordAnswers {
  /** By whom a record's writing is told without this process's event loop. */
  noticeOf(serial: number): Notice;
  readonly ready: Promise<ReadySandbox>;
  send(message: MonitorControl): void;
  /** Passes descriptors, then the message with the same words. False where too many wait already. */
  pass(passing: Passing): boolean;
  /** Takes back what waits and was not sent yet; without a call of `settled`. False where there is none. */
  withdraw(kind: PassedKind, number: number): boolean;
  /** Stops and resumes reading audit messages: the log's backpressure. */
  pauseAudit(): void;
  resumeAudit(): void;
  kill(why: string): void;
}

export interface BrokerEvents {
  control(message: BrokerControl): void;
  /** @param bytes its length */
  audit(message: BrokerAudit, bytes: number): void;
  /** Once, when it counts as ended: its process has, or end-of-file or a breach showed on a pair. */
  ended(why: string): void;
}

/**
 * Starts the broker in its sandbox. Whatever is not in the closed table ends it: then its sandbox is killed, this
 * side of all three pairs is closed and nothing more of them is parsed.
 * @throws Error where this process lacks descriptors
 */
export function startBroker(plan: BrokerPlan, filter: SeccompFilter, events: BrokerEvents): BrokerLink {
  const [passingEnd, brokerEnd] = makePacketPair();
  const opened: Descriptor[] = [brokerEnd];
  let sandbox: Sandbox;
  let notices: Pipe | undefined;
  try {
    notices = makeNonblockingPipe();
    opened.push(notices.read);
    sandbox = startSandbox(plan.sandbox, filter, {
      standard: ['ignore', 'ignore', STDERR],
      further: ['pipe', 'pipe', brokerEnd.number, notices.read.number],
    });
  } catch (error) {
    passingEnd.close();
    notices?.write.close();
    throw error;
  } finally {
    for (const descriptor of opened) descriptor.close();
  }
  const noticePipe = holdNoticePipe(notices.write);
  const untaken = new Map<string, Passing>();
  const waiting: Passing[] = [];
  let ended = false;

  function end(why: string): void {
    if (ended) return;
    ended = true;
    sandbox.kill();
    control?.close();
    audit?.close();
    passingEnd.close();
    noticePipe.close();
    for (const passing of [...untaken.values(), ...waiting]) passing.settled(false);
    untaken.clear();
    waiting.length = 0;
    events.ended(why);
  }

  function passNext(): void {
    while (!ended && untaken.size < MAXIMUM_UNTAKEN) {
      const next = waiting[0];
      if (next === undefined) return;
      const words = `${next.kind} ${next.number}`;
      if (!next.descriptors.every((descriptor) => descriptor.isOpen)) {
        waiting.shift();
        next.settled(false);
        continue;
      }
      try {
        const numbers = next.descriptors.map((descriptor) => descriptor.number);
        // Full: the next "taken" makes room.
        if (!sendDescriptors(passingEnd.number, words, numbers)) return;
      } catch (error) {
        return end(error instanceof Error ? error.message : 'descriptors could not be passed');
      }
      waiting.shift();
      untaken.set(words, next);
      control?.send(next.message);
      next.sent?.();
    }
  }

  function taken(kind: PassedKind, number: number): void {
    const words = `${kind} ${number}`;
    const passing = untaken.get(words);
    if (passing === undefined) return end('it took what was not passed');
    untaken.delete(words);
    passing.settled(true);
    passNext();
  }

  const [controlSocket, auditSocket] = sandbox.pipes;
  const bounds = { maximumFrameBytes: BROKER_FRAME_BYTES, maximumQueuedBytes: MAXIMUM_UNREAD_BYTES };
  const control =
    controlSocket &&
    openChannel<typeof BROKER_CONTROL, MonitorControl>({
      ...bounds,
      socket: controlSocket,
      incoming: BROKER_CONTROL,
      onMessage(message) {
        if (message.type === 'taken') taken(message.kind, message.number);
        else events.control(message);
      },
      onBroken: (why) => end(`control: ${why}`),
    });
  const audit =
    auditSocket &&
    openChannel<typeof BROKER_AUDIT, MonitorAudit>({
      ...bounds,
      socket: auditSocket,
      incoming: BROKER_AUDIT,
      onMessage: events.audit,
      onBroken: (why) => end(`audit: ${why}`),
    });

  const answers = answerRecords((message) => audit?.send(message));

  sandbox.ready.then(
    () => {
      if (!ended) sandbox.go();
    },
    (error: unknown) => end(error instanceof Error ? error.message : 'it could not be started'),
  );
  void sandbox.ended.then((status) => end(`exit status ${status}`));

  return {
    ready: sandbox.ready,
    send: (message) => control?.send(message),
    ...answers,
    noticeOf: (serial) => ({ pipe: noticePipe, serial }),
    pass(passing) {
      if (ended || waiting.length >= MAXIMUM_WAITING) return false;
      waiting.push(passing);
      passNext();
      return true;
    },
    withdraw(kind, number) {
      const index = waiting.findIndex((passing) => passing.kind === kind && passing.number === number);
      if (index >= 0) waiting.splice(index, 1);
      return index >= 0;
    },
    pauseAudit: () => audit?.pause(),
    resumeAudit: () => audit?.resume(),
    kill: end,
  };
}
