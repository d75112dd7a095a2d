// The monitor's side of it: the real reader of the broker's audit channel, dispatch, recording and log, and a played broker
// in a process of its own at the other end of the pair. Prints what came of it, as one line of JSON.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { openChannel } from '../../src/boundary/channel.ts';
import { BROKER_FRAME_BYTES } from '../../src/boundary/frames.ts';
import { BROKER_AUDIT, type BrokerAudit, type MonitorAudit } from '../../src/boundary/messages.ts';
import { createRecording } from '../../src/monitor/audit/call-recording.ts';
import { holdNoticePipe } from '../../src/monitor/audit/notice-pipe.ts';
import { openParamsKeys } from '../../src/monitor/audit/params-keys.ts';
import { answerRecords } from '../../src/monitor/broker/answer-records.ts';
import type { BrokerLink } from '../../src/monitor/broker/broker-link.ts';
import { createDispatch, type DispatchTargets } from '../../src/monitor/broker/dispatch.ts';
import type { Generations } from '../../src/monitor/configuration/generations.ts';
import type { Generation } from '../../src/monitor/configuration/load.ts';
import { openDaemonAudit } from '../../src/monitor/daemon-audit.ts';
import type { Session } from '../../src/monitor/session/sessions.ts';
import type { AuditFields } from '../../src/shared/audit/fields.ts';
import { parseSettings } from '../../src/shared/configuration/settings.ts';
import { createLog } from '../../src/shared/log.ts';
import { AUDIT_THREADS } from '../../test/support/appending-thread.ts';
import { reportMeasured, startPlayedBroker } from './start-played-broker.ts';
import { logIn, stateIn, type Writers } from './writers.ts';

const [folder = '', words = ''] = process.argv.slice(2);
const writers: Writers = JSON.parse(words);
const MAXIMUM_UNREAD_BYTES = 8_388_608;

// Nothing but the log is to bound it. Compression would have one of two processors to itself at such a rate.
const settings = parseSettings(
  'driverd.yaml',
  Buffer.from(
    [
      'version: 1',
      'audit: { compress: false }',
      'limits: { audit_records_per_second: 1000000, audit_bytes_per_second: 1073741824 }',
    ].join('\n'),
  ),
);
const path = logIn(folder);
const stateFolder = stateIn(folder);
for (const made of [dirname(path), stateFolder]) mkdirSync(made, { mode: 0o700, recursive: true });
const generation = { number: 1, settings, drivers: new Map() } as unknown as Generation;
const generations = { current: generation } as unknown as Generations;
const log = createLog('monitor', 'error');
const keys = openParamsKeys(stateFolder);
const logPlace = { path, stateFolder, settings: () => settings.audit };
const audit = await openDaemonAudit(logPlace, AUDIT_THREADS, log);
const { calls, refusals } = createRecording(audit, log, keys, generations);

function playedSession(number: number): Session {
  const recorded = {
    ...{ uid: 1000, gid: 1000, groups: [1000, 27, 100], group_count: 3, user: 'ada' },
    ...{ group_names: { 27: 'sudo' }, login_uid: 1000, login_session: 4, pid: 2711, pid_start: 512_345 },
    ...{ pid_proven: true, unit: { manager: 'system', name: 'session-4.scope' }, container: null },
  };
  return { number, caller: { uid: 1000 }, recorded } as unknown as Session;
}
const sessions = new Map(
  Array.from({ length: writers.count }, (_, index) => [index + 1, playedSession(index + 1)]),
);

const { broker, audit: socket, notices } = startPlayedBroker(words);
const pipe = holdNoticePipe(notices);

const channel = openChannel<typeof BROKER_AUDIT, MonitorAudit>({
  ...{ socket, incoming: BROKER_AUDIT, maximumFrameBytes: BROKER_FRAME_BYTES },
  maximumQueuedBytes: MAXIMUM_UNREAD_BYTES,
  onMessage: writers.through === 'log' ? writeAsItCame : (message, bytes) => dispatch.audit(message, bytes),
  onBroken: () => undefined,
});
const link: Partial<BrokerLink> = {
  ...answerRecords(channel.send),
  noticeOf: (serial) => ({ pipe, serial }),
  pauseAudit: channel.pause,
  resumeAudit: channel.resume,
  kill(why) {
    throw new Error(`Cannot measure: ${why}`);
  },
};
const targets: Partial<DispatchTargets> = {
  ...{ log: audit, refusals, calls },
  generation: () => generation,
  current: () => generation,
  isPaused: () => false,
};
const dispatch = createDispatch({
  ...targets,
  link,
  sessions: { get: (number: number) => sessions.get(number), state: () => 'live' },
} as unknown as DispatchTargets);

function writeAsItCame({ serial, type, ...claims }: BrokerAudit): void {
  const event = type === 'intent' ? 'call-start' : 'call-end';
  void audit
    .append(event, { session: 1, uid: 1000 }, claims as AuditFields, true)
    .then(() => channel.send({ type: 'recorded', serials: [serial] }));
}

await reportMeasured(broker);
await audit.close();
process.exit();
