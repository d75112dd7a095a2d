import { AUDIT_CONDITIONS } from '../shared/audit/conditions.ts';
import { configurationChanges } from './configuration-change.ts';
import { LAUNCH_ENDS, LAUNCH_REFUSALS } from './launch-words.ts';
import { RECORDS_TOLD_MAXIMUM, SERIAL_MAXIMUM } from './notices.ts';
import {
  type Check,
  callReason,
  count,
  errorCode,
  flag,
  hex,
  list,
  type MessageOf,
  nullable,
  object,
  printable,
  profileName,
  text,
  uuid,
  word,
} from './shape.ts';

/** What a notice has room for. */
const serialNumber: Check<number> = (value): value is number => count(value) && value <= SERIAL_MAXIMUM;

/** Most deciding policies that an intent names. */
export const MAXIMUM_POLICIES = 8;
/** Most rules whose counts an outcome names; the rest are summed under `other`. */
export const MAXIMUM_SCRUB_RULES = 16;
/** Longest printable claim, in characters. */
export const MAXIMUM_CLAIM = 128;
/** Most names of params that an intent tells, and the longest of them in characters. */
export const MAXIMUM_PARAM_NAMES = 32;
export const MAXIMUM_PARAM_NAME = 64;

const claim = printable(MAXIMUM_CLAIM);

/** How a call ended; one per call. */
export const OUTCOMES = [
  'ok',
  'timeout',
  'cancelled',
  'disconnected',
  'output-limit',
  'memory-limit',
  'process-limit',
  'crashed',
  'bad-output',
  'driver-error',
  'launch-refused',
  'overloaded',
  'internal-error',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Why the broker refused a call before any intent. */
export const REFUSALS = [
  'parse-error',
  'invalid-request',
  'invalid-params',
  'forbidden',
  'method-not-found',
  'overloaded',
  'rate-limited',
  'cancelled',
  'disconnected',
  'shutting-down',
  'paused',
  'driver-unavailable',
  'message-too-large',
  'message-timeout',
  'http-not-spoken',
  'too-many-connections',
  'internal-error',
] as const;
export type RefusalReason = (typeof REFUSALS)[number];

/** What the broker may say on the control channel. No path, no uid, no flag of the host: names and numbers alone. */
export const BROKER_CONTROL = {
  hello: { build: hex(64) },
  /** What differs from the configuration that this broker runs. */
  accepted: { generation: count, changes: configurationChanges, changeCount: count },
  refused: { generation: count, reason: printable(1024) },
  retired: { generation: count },
  taken: { kind: word('session', 'launch'), number: count },
  'close-session': { session: count },
  launch: { request: count, profile: profileName, session: count, call: count, generation: count },
  /** A driver before any call of it: one that its profile has in a pool, or persistent. */
  prestart: { request: count, profile: profileName, generation: count },
  'end-launch': { launch: count },
  /** SIGTERM to its driver; the monitor itself ends it after the profile's grace. */
  'terminate-launch': { launch: count },
  pause: { session: count },
  drained: {},
} as const;
export type BrokerControl = MessageOf<typeof BROKER_CONTROL>;

const scrubbed = object({ rule: claim, count });
/** Durations of a call's stages in microseconds; null: it had no such stage. */
const stages = object({
  validate: count,
  authorise: count,
  intent: count,
  launch: nullable(count),
  run: nullable(count),
  scrub: nullable(count),
});

/** What the broker may say on the audit channel; `serial` comes back in the answer. */
export const BROKER_AUDIT = {
  intent: {
    serial: serialNumber,
    call: count,
    session: count,
    generation: count,
    /** The launch that serves it, where that was there before. */
    launch: nullable(count),
    request: uuid,
    method: claim,
    params: nullable(hex(64)),
    names: nullable(list(printable(MAXIMUM_PARAM_NAME), MAXIMUM_PARAM_NAMES)),
    policies: list(claim, MAXIMUM_POLICIES),
    notification: flag,
    trace: hex(32),
    span: hex(16),
    because: nullable(callReason),
    /** Wants the record on disk before anything is handed over; what the settings ask for is done without it too. */
    durable: flag,
  },
  outcome: {
    serial: serialNumber,
    call: count,
    outcome: word(...OUTCOMES),
    error: nullable(errorCode),
    handed: flag,
    bytesIn: count,
    bytesOut: count,
    bytesDropped: count,
    controlsRemoved: count,
    waitedMicroseconds: count,
    ranMicroseconds: count,
    stages,
    scrubbed: list(scrubbed, MAXIMUM_SCRUB_RULES),
  },
  refusal: {
    serial: serialNumber,
    session: count,
    request: uuid,
    kind: word('denied', 'invalid', 'refused'),
    reason: word(...REFUSALS),
    method: nullable(claim),
    params: nullable(hex(64)),
    policies: list(claim, MAXIMUM_POLICIES),
    trace: hex(32),
    span: hex(16),
    because: nullable(callReason),
    error: errorCode,
  },
} as const;
export type BrokerAudit = MessageOf<typeof BROKER_AUDIT>;
export type IntentClaims = Extract<BrokerAudit, { type: 'intent' }>;
export type OutcomeClaims = Extract<BrokerAudit, { type: 'outcome' }>;
export type RefusalClaims = Extract<BrokerAudit, { type: 'refusal' }>;

const manager = word('system', 'user');
const unit = object({ manager, name: text(256) });
const container = object({
  runtime: word('docker', 'podman', 'kubernetes', 'nspawn', 'lxc'),
  id: text(64),
  manager,
});
const FILE_BYTES_BASE64 = 1_500_000;

/** How a launch is held; stands in its record, in `rpc.status` and, when asked for, in the reply. */
export interface Isolation {
  readonly launcher: 'bubblewrap' | 'container';
  /** Whether the launcher is not the one that the profile names, and why. */
  readonly fallback: boolean;
  readonly fallback_reason?: string;
  readonly way: 'user-namespace' | 'inner-setpriv' | 'runc';
  /** Why an admin lets it run as root; there where it does. */
  readonly accept_root?: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly namespaces: readonly string[];
  readonly network: 'none' | 'loopback' | 'host';
  /** Names of all that any of its capability sets holds, as /proc/PID/status says. */
  readonly capabilities: readonly string[];
  readonly no_new_privs: boolean;
  /** SHA-256 of the compiled filter, hex. */
  readonly seccomp: string;
  /** `kill`: a cgroup of its own, by which all of it is killed at once. */
  readonly cgroup: 'kill' | 'none';
  readonly limits: Readonly<Record<string, number>>;
  readonly degraded: readonly string[];
}
const isolation: Check<Isolation> = (value): value is Isolation =>
  typeof value === 'object' && value !== null;

/** What the monitor says on the control channel. The broker trusts it; the check finds programming errors. */
export const MONITOR_CONTROL = {
  hello: { build: hex(64), version: text(64), rootless: flag, started: text(64) },
  file: {
    generation: count,
    role: word('settings', 'profile', 'manifest', 'policy'),
    name: text(256),
    path: text(4096),
    bytes: text(FILE_BYTES_BASE64),
  },
  names: {
    generation: count,
    users: list(object({ name: text(256), id: count }), 4096),
    groups: list(object({ name: text(256), id: count }), 4096),
  },
  plan: {
    generation: count,
    profile: profileName,
    isolation,
    asksMore: list(text(8_300), 512),
    widened: list(text(8_300), 512),
  },
  /** A value that an admin has masked everywhere, in base64. */
  'scrub-value': { generation: count, name: text(64), value: text(100_000) },
  configure: { generation: count, unitsProvable: flag },
  commit: { generation: count },
  abandon: { generation: count },
  session: {
    session: count,
    uid: count,
    gid: count,
    groups: list(count, 65_536),
    pid: count,
    pidProven: flag,
    unit: nullable(unit),
    container: nullable(container),
    loginUid: nullable(count),
    loginSession: nullable(count),
  },
  'session-gone': { session: count },
  launched: {
    request: count,
    launch: count,
    isolation,
    secrets: list(object({ name: text(64), value: text(100_000) }), 16),
  },
  /** One of a pool stands ready; the broker gets its streams, and its secrets, when the intent of its call is recorded. */
  prestarted: { request: count, launch: count },
  /** A persistent one serves no further call: its files or profile changed, it is too old or too large, or driverd rests. */
  'launch-stale': { launch: count },
  'launch-refused': { request: count, reason: word(...LAUNCH_REFUSALS) },
  'launch-ended': { launch: count, end: word(...LAUNCH_ENDS), status: count },
  'pause-state': { since: nullable(text(64)) },
  'audit-state': {
    state: word('writing', 'failing'),
    refused: count,
    conditions: list(word(...AUDIT_CONDITIONS), 4),
  },
  drain: {},
} as const;
export type MonitorControl = MessageOf<typeof MONITOR_CONTROL>;

export const MONITOR_AUDIT = {
  recorded: { serials: list(serialNumber, RECORDS_TOLD_MAXIMUM) },
  unrecorded: {
    serial: serialNumber,
    reason: word(
      'audit-unavailable',
      'unknown-session',
      'peer-gone',
      'too-many-calls',
      'stale-generation',
      'launch-gone',
      'paused',
    ),
  },
} as const;
export type MonitorAudit = MessageOf<typeof MONITOR_AUDIT>;
