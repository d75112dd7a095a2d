import { Socket } from 'node:net';
import { BROKER_DESCRIPTORS, buildId } from '../boundary/build.ts';
import { type Channel, openChannel } from '../boundary/channel.ts';
import { MONITOR_FRAME_BYTES } from '../boundary/frames.ts';
import type { LaunchRefusal } from '../boundary/launch-words.ts';
import {
  type BrokerAudit,
  type BrokerControl,
  MONITOR_AUDIT,
  MONITOR_CONTROL,
  type MonitorAudit,
  type MonitorControl,
} from '../boundary/messages.ts';
import { createNoticeReader } from '../boundary/notices.ts';
import { ownDescriptor } from '../posix/descriptor.ts';
import { receiveDescriptors } from '../posix/descriptor-passing.ts';

/** Most bytes of frames that the monitor may leave unread: it has stopped answering. */
const MAXIMUM_UNREAD_BYTES = 67_108_864;

/** How long after a launch was taken that is said, in milliseconds. */
const LAUNCH_TAKEN_AFTER_MS = 5;

type Without<T, K extends string> = T extends unknown ? Omit<T, K> : never;
type LaunchRequest = Omit<Extract<BrokerControl, { type: 'launch' }>, 'type' | 'request'>;
type AnsweredRequest = Without<Extract<BrokerControl, { type: 'launch' | 'prestart' }>, 'request'>;
type PrestartRequest = Omit<Extract<BrokerControl, { type: 'prestart' }>, 'type' | 'request'>;
type Launched = Extract<MonitorControl, { type: 'launched' }>;
export type LaunchEnded = Extract<MonitorControl, { type: 'launch-ended' }>;
export type Recorded = 'recorded' | Extract<MonitorAudit, { type: 'unrecorded' }>['reason'];

/** A driver's streams, taken over from the monitor. */
export interface LaunchGrant extends Omit<Launched, 'type' | 'request'> {
  readonly stdin: number;
  readonly stdout: number;
  readonly stderr: number;
  /** Settles when the monitor says that the sandbox is dead; its streams may still hold bytes. */
  readonly ended: Promise<LaunchEnded>;
}

export interface MonitorLink {
  send(message: BrokerControl): void;
  /**
   * Asks for a record; settles when it is written (and durable where the settings want that), or with why not.
   * @param make writes it, with its serial: to add that to one that is there is to copy it
   */
  record(make: (serial: number) => BrokerAudit): Promise<Recorded>;
  launch(request: LaunchRequest): Promise<LaunchGrant | LaunchRefusal>;
  /** Asks for one that waits for its call, of a profile that has a pool. */
  prestart(request: PrestartRequest): Promise<PooledLaunch | LaunchRefusal>;
  /** Asks for one that serves many calls, of a persistent profile. */
  startPersistent(request: PrestartRequest): Promise<LaunchGrant | LaunchRefusal>;
}

/** A driver that stands ready. Its streams and secrets come when the intent that names it is recorded. */
export interface PooledLaunch {
  readonly launch: number;
  readonly granted: Promise<LaunchGrant | LaunchRefusal>;
  readonly ended: Promise<LaunchEnded>;
}

export interface MonitorEvents {
  /** Everything but sessions and launches. */
  message(message: MonitorControl): void;
  session(message: Extract<MonitorControl, { type: 'session' }>, descriptor: number): void;
  /** The monitor is gone, or what came from it is not what it sends: nothing is left to do. */
  broken(why: string): void;
}

/** The broker's ends of the three pairs and the pipe that it was started with. */
export function openMonitorLink(events: MonitorEvents): MonitorLink {
  let lastSerial = 0;
  let lastRequest = 0;
  const records = new Map<number, (recorded: Recorded) => void>();
  const requests = new Map<number, (granted: LaunchGrant | LaunchRefusal) => void>();
  const prestarts = new Map<number, (ready: PooledLaunch | LaunchRefusal) => void>();
  const running = new Map<number, { ended: Promise<LaunchEnded>; settle(ended: LaunchEnded): void }>();

  /** Settles when the monitor says that a launch has ended, from whichever word of it on. */
  function endOf(launch: number): Promise<LaunchEnded> {
    const known = running.get(launch);
    if (known !== undefined) return known.ended;
    const { promise: ended, resolve: settle } = Promise.withResolvers<LaunchEnded>();
    running.set(launch, { ended, settle });
    return ended;
  }

  function ask(message: AnsweredRequest): Promise<LaunchGrant | LaunchRefusal> {
    lastRequest += 1;
    const number = lastRequest;
    control.send({ ...message, request: number });
    return new Promise((resolve) => requests.set(number, resolve));
  }

  /** Takes what was passed with the same words; the message follows its descriptors, so they are there. */
  function take(kind: 'session' | 'launch', number: number, count: number): readonly number[] | null {
    const received = receiveDescriptors(BROKER_DESCRIPTORS.passing);
    if (received === null || received.words !== `${kind} ${number}`) {
      events.broken('descriptors and message do not belong together');
      return null;
    }
    const taken = { type: 'taken', kind, number } as const;
    // The monitor only makes room by that of a launch: what came is put to use before.
    if (kind === 'launch') setTimeout(control.send, LAUNCH_TAKEN_AFTER_MS, taken);
    else control.send(taken);
    if (!received.incomplete && received.descriptors.length === count) return received.descriptors;
    // This process is at its limit of open files: that session or launch fails, the others go on.
    for (const descriptor of received.descriptors) ownDescriptor(descriptor).close();
    control.send(
      kind === 'session'
        ? { type: 'close-session', session: number }
        : { type: 'end-launch', launch: number },
    );
    return null;
  }

  function onControl(message: MonitorControl): void {
    switch (message.type) {
      case 'session': {
        const [descriptor] = take('session', message.session, 1) ?? [];
        if (descriptor !== undefined) events.session(message, descriptor);
        return;
      }
      case 'launched': {
        const [stdin, stdout, stderr] = take('launch', message.launch, 3) ?? [];
        const settle = requests.get(message.request);
        requests.delete(message.request);
        if (settle === undefined) return;
        if (stdin === undefined || stdout === undefined || stderr === undefined)
          return settle('sandbox-failed');
        const { launch, isolation, secrets } = message;
        return settle({ launch, isolation, secrets, stdin, stdout, stderr, ended: endOf(launch) });
      }
      case 'prestarted': {
        const { request, launch } = message;
        const granted = new Promise<LaunchGrant | LaunchRefusal>((resolve) => requests.set(request, resolve));
        const ended = endOf(launch);
        void ended.then(() => {
          requests.get(request)?.('sandbox-failed');
          requests.delete(request);
        });
        prestarts.get(request)?.({ launch, granted, ended });
        prestarts.delete(request);
        return;
      }
      case 'launch-refused':
        for (const waiting of [prestarts, requests]) {
          waiting.get(message.request)?.(message.reason);
          waiting.delete(message.request);
        }
        return;
      case 'launch-ended':
        running.get(message.launch)?.settle(message);
        running.delete(message.launch);
        return;
      default:
        events.message(message);
    }
  }

  function settleRecord(serial: number, recorded: Recorded): void {
    records.get(serial)?.(recorded);
    records.delete(serial);
  }

  const control: Channel<BrokerControl> = openChannel({
    socket: new Socket({ fd: BROKER_DESCRIPTORS.control }),
    incoming: MONITOR_CONTROL,
    maximumFrameBytes: MONITOR_FRAME_BYTES,
    maximumQueuedBytes: MAXIMUM_UNREAD_BYTES,
    onMessage: onControl,
    onBroken: events.broken,
  });
  const audit: Channel<BrokerAudit> = openChannel({
    socket: new Socket({ fd: BROKER_DESCRIPTORS.audit }),
    incoming: MONITOR_AUDIT,
    // A launch takes milliseconds, its call's intent a fraction of one: the monitor is to begin with the launch.
    leavesLast: true,
    maximumFrameBytes: MONITOR_FRAME_BYTES,
    maximumQueuedBytes: MAXIMUM_UNREAD_BYTES,
    onMessage(message) {
      if (message.type === 'unrecorded') return settleRecord(message.serial, message.reason);
      for (const serial of message.serials) settleRecord(serial, 'recorded');
    },
    onBroken: events.broken,
  });
  const notices = new Socket({ fd: BROKER_DESCRIPTORS.notices, writable: false });
  notices.on(
    'data',
    createNoticeReader((serial) => settleRecord(serial, 'recorded')),
  );
  notices.on('error', (error) => events.broken(error.message));
  notices.on('end', () => events.broken('end-of-file'));
  notices.on('close', () => events.broken('closed'));
  control.send({ type: 'hello', build: buildId() });

  return {
    send: control.send,
    record(make) {
      lastSerial += 1;
      const serial = lastSerial;
      audit.send(make(serial));
      return new Promise((resolve) => records.set(serial, resolve));
    },
    launch: (request) => ask({ type: 'launch', ...request }),
    startPersistent: (request) => ask({ type: 'prestart', ...request }),
    prestart(request) {
      lastRequest += 1;
      const number = lastRequest;
      control.send({ type: 'prestart', request: number, ...request });
      return new Promise((resolve) => prestarts.set(number, resolve));
    },
  };
}
