import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { permitAll, ROOT } from '../../scripts/development-folder.ts';
import { childrenOf } from '../../src/monitor/launch/process-status.ts';
import { CLAIMS_EVENTS, type ClaimsResult, checkClaims } from '../../src/shared/audit/claims.ts';
import type { AuditFields } from '../../src/shared/audit/fields.ts';
import { startTimeOf } from '../../src/shared/process-start.ts';
import { callOnce, connectClient, type Message } from '../support/client.ts';
import { type AuditRecord, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { descendantsOf } from '../support/processes.ts';
import { recordProblem } from '../support/record-schema.ts';

const uid = process.geteuid?.() ?? 0;
const WITHIN = { timeout: 10_000 * patience };

/** What only the monitor can know, and what only the broker can say, of each record of a call. */
const CALLER = [
  ...['container', 'gid', 'group_count', 'group_names', 'groups', 'login_session', 'login_uid', 'pid'],
  ...['pid_proven', 'pid_start', 'session', 'uid', 'unit', 'user'],
];
const IDENTITY = ['call', 'method', 'request_id', 'span_id', 'trace_id'];
const SPLIT: Readonly<Record<string, { facts: readonly string[]; claims: readonly string[] }>> = {
  'call-start': {
    facts: [...CALLER, 'generation'],
    claims: [...IDENTITY, 'decision', 'notification', 'params_hash', 'params_key', 'policies'],
  },
  'call-end': {
    facts: ['duration_ms', 'launches', 'run', 'session', 'stages_us', 'uid'],
    claims: [
      ...IDENTITY,
      ...['bytes_dropped', 'bytes_in', 'bytes_out', 'control_characters_removed', 'end_reason', 'error_code'],
      ...['handed_over', 'outcome', 'ran_us', 'scrubbed', 'stages_us', 'waited_us'],
    ],
  },
  denied: {
    facts: CALLER,
    claims: [
      ...[
        'decision',
        'end_reason',
        'error_code',
        'method',
        'params_hash',
        'params_key',
        'policies',
        'reason',
      ],
      ...['request_id', 'span_id', 'trace_id'],
    ],
  },
  refused: {
    facts: CALLER,
    claims: [
      ...['end_reason', 'error_code', 'method', 'params_hash', 'params_key', 'reason', 'request_id'],
      ...['span_id', 'trace_id'],
    ],
  },
  interrupted: { facts: ['end_reason', 'launches', 'run', 'session', 'uid', 'why'], claims: IDENTITY },
};

const sorted = (words: readonly string[]): readonly string[] => [...words].sort();

function requestOf({ error, _meta }: Message): string {
  return String(error === undefined ? _meta?.['request_id'] : error.data.request_id);
}

function claimsOf(records: readonly AuditRecord[]): ClaimsResult {
  const check = checkClaims();
  for (const { seq, event, facts, claims } of records)
    if (CLAIMS_EVENTS.has(event))
      check.take({ seq, event, facts: facts as AuditFields, claims: claims as AuditFields });
  return check.result();
}

function verifyClaims({ log, state }: TestDaemon): { status: number | null; stdout: string; stderr: string } {
  const program = join(ROOT, 'dist/driverctl/main.js');
  const words = ['audit', 'verify', '--claims', '--json', '--log', log, '--state', state];
  return spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
}

/** The one record with this request id that ends its call, held to the split and to the schema. */
function endOf(daemon: TestDaemon, request: string): AuditRecord {
  const mine = daemon.records().filter(({ claims }) => claims['request_id'] === request);
  for (const record of mine) {
    const split = SPLIT[record.event];
    if (split === undefined) continue;
    expect([record.event, Object.keys(record.facts).sort()]).toEqual([record.event, sorted(split.facts)]);
    const optional = ['params_names', 'reason_text'];
    const claims = Object.keys(record.claims).filter((name) => !optional.includes(name));
    expect([record.event, claims.sort()]).toEqual([record.event, sorted(split.claims)]);
  }
  expect(mine.map(recordProblem)).toEqual(mine.map(() => null));
  const ends = mine.filter(({ event }) => event !== 'call-start');
  expect(ends).toHaveLength(1);
  return ends[0] as AuditRecord;
}

const POLICY = `${permitAll(uid)}
@id("no-hanging")
forbid(principal, action == Action::"misbehave.forged", resource);
@id("not-this-text")
forbid(principal, action == Action::"echo.say", resource) when { context.params.text == "never" };
`;
const PROFILES = {
  echo: 'version: 1\n',
  disk: 'version: 1\n',
  misbehave: 'version: 1\nlimits: { wall_ms: 20000, output_bytes: 200000 }\n',
  arguments: 'version: 1\n',
  'no-secret': 'version: 1\ndriver: echo\nsecrets: [{ name: token, file: /no/such/secret }]\n',
  named: 'version: 1\ndriver: echo\nparams: names\n',
  silent: 'version: 1\ndriver: echo\nparams: omit\n',
};
const REPLY = { _meta: { reply: true } };

describe('each call that ends has one record that says how, with what the monitor saw and what the broker told apart', () => {
  let daemon: TestDaemon;
  beforeAll(async () => {
    daemon = await startTestDaemon({
      profiles: PROFILES,
      policy: POLICY,
      settings: 'limits: { in_flight_per_identity: 2, queue_ms: 0 }\ndrain_ms: 500',
    });
  });
  afterAll(() => daemon.stop());
  const call = (method: string, params?: object) => callOnce(daemon.socket, method, params);

  const RAN: readonly (readonly [
    string,
    string,
    object,
    Record<string, unknown>,
    Record<string, unknown>,
  ])[] = [
    [
      'ok',
      'echo.say',
      { text: 'x', ...REPLY },
      { end: 'exit', exit_status: 0, signal: null },
      { error_code: null },
    ],
    ['driver-error', 'disk.usage', { path: '/no/such/path' }, { end: 'exit' }, { error_code: -32_015 }],
    [
      'timeout',
      'misbehave.hang',
      { _meta: { timeoutMs: 400 } },
      { end: 'asked', exit_status: null, signal: 9 },
      {},
    ],
    ['output-limit', 'misbehave.toomuch', {}, { end: 'asked' }, { error_code: -32_012 }],
    [
      'crashed',
      'misbehave.exit7',
      {},
      { end: 'exit', exit_status: 7, signal: null },
      { error_code: -32_010 },
    ],
    [
      'crashed',
      'misbehave.crash',
      {},
      { end: 'exit', exit_status: null, signal: 11 },
      { error_code: -32_010 },
    ],
    ['bad-output', 'misbehave.rubbish', {}, {}, { error_code: -32_011 }],
  ];
  test.each(RAN)('%s (%s)', async (reason, method, params, run, claims) => {
    const reply = await call(method, params);
    const record = endOf(daemon, requestOf(reply));
    const profile = method.slice(0, method.indexOf('.'));
    expect(record).toMatchObject({
      event: 'call-end',
      facts: { uid, run: { profile, driver: profile, ...run } },
      claims: { method, outcome: reason, end_reason: reason, handed_over: true, ...claims },
    });
    const {
      launches,
      stages_us: stages,
      session,
    } = record.facts as Record<string, readonly unknown[] | undefined>;
    expect(launches).toHaveLength(1);
    // A launch is a fact of its own, for this call, with the driver as it was loaded.
    const [launch, launchEnd] = daemon.records().filter(({ facts }) => facts['launch'] === launches?.[0]);
    expect(launch).toMatchObject({
      event: 'launch',
      facts: {
        for: 'call',
        session,
        profile,
        program_changed: false,
        driver_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      claims: { call: record.claims['call'] },
    });
    expect(launchEnd).toMatchObject({
      event: 'launch-end',
      facts: { session, profile, opened: true, ...run },
      claims: {},
    });
    const number = expect.any(Number);
    expect(stages).toEqual({ intent: number, launch: number, run: number, total: number });
    expect(record.claims['stages_us']).toEqual({
      ...{ validate: number, authorise: number, intent: number, launch: number, run: number, scrub: number },
    });
  });

  test('ok, of a built-in method: nothing was launched, and nothing handed over', async () => {
    const reply = await call('rpc.status', { _meta: { reply: true } });
    expect(endOf(daemon, requestOf(reply))).toMatchObject({
      facts: { launches: [], run: null, stages_us: { launch: null, run: null } },
      claims: { end_reason: 'ok', handed_over: false, stages_us: { launch: null, run: null, scrub: null } },
    });
  });

  test('launch-refused: a secret is missing', async () => {
    const reply = await call('no-secret.say', { text: 'x' });
    expect(endOf(daemon, requestOf(reply))).toMatchObject({
      facts: { launches: [], run: null },
      claims: { end_reason: 'launch-refused', handed_over: false },
    });
  });

  test('disconnected: the caller has gone', async () => {
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', id: 1, method: 'misbehave.slow', params: { ms: 600_000 } });
    const started = () => daemon.records().findLast(({ claims }) => claims['method'] === 'misbehave.slow');
    await expect.poll(started, WITHIN).toBeDefined();
    await wait(300);
    client.close();
    const request = String(started()?.claims['request_id']);
    const ended = () =>
      daemon.records().some(({ event, claims }) => event === 'call-end' && claims['request_id'] === request);
    await expect.poll(ended, WITHIN).toBe(true);
    expect(endOf(daemon, request).claims).toMatchObject({
      end_reason: 'disconnected',
      outcome: 'disconnected',
    });
  });

  const DENIED: readonly (readonly [string, string, object, string, readonly string[]])[] = [
    ['no such method', 'echo.none', {}, 'method-not-found', []],
    ['whatever the params are', 'misbehave.forged', {}, 'forbidden', ['no-hanging']],
    ['with these params', 'echo.say', { text: 'never' }, 'forbidden', ['not-this-text']],
  ];
  test.each(DENIED)(
    'denied: %s, with the policies that decided',
    async (_what, method, params, reason, policies) => {
      const reply = await call(method, params);
      expect(endOf(daemon, requestOf(reply))).toMatchObject({
        event: 'denied',
        facts: { uid, pid: process.pid },
        claims: { method, reason, end_reason: 'denied', decision: 'deny', policies },
      });
    },
  );

  test('invalid: params, a message, and one that is no JSON', async () => {
    const params = await call('echo.say', { text: 1 });
    expect(endOf(daemon, requestOf(params))).toMatchObject({
      event: 'invalid',
      claims: { reason: 'invalid-params', end_reason: 'invalid', method: 'echo.say' },
    });
    const client = await connectClient(daemon.socket);
    for (const [text, reason] of [
      ['{"jsonrpc":"1.0"}', 'invalid-request'],
      ['{', 'parse-error'],
    ] as const) {
      client.send(text);
      const reply = (await client.next()) as Message;
      expect(endOf(daemon, requestOf(reply))).toMatchObject({
        event: 'invalid',
        claims: {
          reason,
          end_reason: 'invalid',
          method: null,
          trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
        },
      });
    }
    client.close();
  });

  test('overloaded: more at once than the limit', async () => {
    const client = await connectClient(daemon.socket);
    for (const id of [1, 2, 3])
      client.send({ jsonrpc: '2.0', id, method: 'misbehave.slow', params: { ms: 300 } });
    const replies = (await Promise.all([1, 2, 3].map(() => client.next()))) as Message[];
    client.close();
    const [refused] = replies.filter(({ error }) => error !== undefined);
    expect(endOf(daemon, requestOf(refused as Message))).toMatchObject({
      event: 'refused',
      claims: { reason: 'overloaded', end_reason: 'overloaded' },
    });
  });

  test('who calls stands in the call’s own record, as the kernel said, with the caller’s reason and trace where there is one', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const span = '00f067aa0ba902b7';
    const told = { traceparent: `00-${trace}-${span}-01`, reason: 'Prüfung, ticket 4711', reply: true };
    const request = requestOf(await call('echo.say', { text: 'x', _meta: told }));
    const begun = daemon
      .records()
      .find(({ event, claims }) => event === 'call-start' && claims['request_id'] === request);
    const login = Number(
      existsSync('/proc/self/loginuid') ? readFileSync('/proc/self/loginuid', 'utf8') : 4_294_967_295,
    );
    expect(begun).toMatchObject({
      host: expect.stringMatching(/^[A-Za-z0-9._-]{1,64}$/),
      writer: daemon.pid,
      facts: {
        ...{ uid, gid: process.getegid?.(), pid: process.pid, pid_start: Number(startTimeOf(process.pid)) },
        login_uid: login === 4_294_967_295 ? null : login,
      },
      claims: {
        trace_id: trace,
        span_id: span,
        reason_text: told.reason,
        decision: 'permit',
        policies: ['driverd.cedar:1'],
      },
    });
    const session = daemon
      .records()
      .find(({ event, facts }) => event === 'session' && facts['session'] === begun?.facts['session']);
    expect(session?.facts).toMatchObject({ uid, pid: process.pid });
    expect(session?.claims).toEqual({});
  });

  test.each([
    ['named', ['text'], false],
    ['silent', undefined, false],
    ['echo', undefined, true],
  ])(
    'of params of %s stands what its profile allows, and no more (invariant 13)',
    async (profile, names, hashed) => {
      const request = requestOf(await call(`${profile}.say`, { text: 'a secret', ...REPLY }));
      const begun = daemon.records().find(({ claims }) => claims['request_id'] === request);
      expect(begun?.claims['params_names']).toEqual(names);
      expect('params_hash' in (begun?.claims ?? {})).toBe(hashed);
      // Also where it was refused: names that no schema let through are the caller's to choose.
      const refused = requestOf(await call(`${profile}.say`, { 'a secret': 1 }));
      const invalid = daemon.records().find(({ claims }) => claims['request_id'] === refused);
      expect([
        invalid?.event,
        'params_hash' in (invalid?.claims ?? {}),
        'params_names' in (invalid?.claims ?? {}),
      ]).toEqual([...['invalid', hashed, false]]);
      expect(readFileSync(daemon.log, 'utf8')).not.toContain('a secret');
    },
  );

  test('what audit hash prints for a call is what stands in its record (invariant 13)', async () => {
    const request = requestOf(await call('echo.say', { text: 'x', ...REPLY }));
    const begun = daemon.records().find(({ claims }) => claims['request_id'] === request);
    const program = join(ROOT, 'dist/driverctl/main.js');
    for (const params of ['{"text":"x"}', '["x"]']) {
      const words = [
        'audit',
        'hash',
        '--json',
        '--state',
        daemon.state,
        '--config',
        daemon.folder,
        'echo.say',
        params,
      ];
      const { stdout } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
      expect(JSON.parse(stdout).hashes[0]).toMatchObject({
        params_key: begun?.claims['params_key'],
        params_hash: begun?.claims['params_hash'],
      });
    }
  });

  test('nothing that an honest broker claims lacks its fact', () => {
    expect(claimsOf(daemon.records())).toMatchObject({ count: 0, findings: [], unknown: 0 });
    const { status, stdout } = verifyClaims(daemon);
    expect([status, JSON.parse(stdout).claims.count]).toEqual([0, 0]);
  });
});

describe('calls that the daemon itself ends', () => {
  let daemon: TestDaemon;
  afterEach(() => daemon.stop());
  const sleeping = () => daemon.records().findLast(({ event }) => event === 'launch');

  test('paused, and from a stop on: shutting-down for who comes, cancelled for who is ended', async () => {
    daemon = await startTestDaemon({ settings: 'drain_ms: 1500' });
    const client = await connectClient(daemon.socket);
    client.send({ jsonrpc: '2.0', id: 1, method: 'misbehave.slow', params: { ms: 600_000 } });
    await expect.poll(sleeping, WITHIN).toBeDefined();
    const other = await connectClient(daemon.socket);
    await other.call('rpc.pause');
    const paused = requestOf(await other.call('echo.say', { text: 'x' }));
    const exited = new Promise((resolve) => daemon.monitor.on('exit', resolve));
    daemon.monitor.kill('SIGTERM');
    await wait(500);
    const shutting = requestOf(await other.call('rpc.status', {}));
    const cancelled = requestOf((await client.next()) as Message);
    await exited;
    expect(endOf(daemon, paused).claims).toMatchObject({ reason: 'paused', end_reason: 'paused' });
    expect(endOf(daemon, shutting).claims).toMatchObject({
      reason: 'shutting-down',
      end_reason: 'shutting-down',
    });
    expect(endOf(daemon, cancelled)).toMatchObject({
      facts: { run: { end: 'stopping', signal: 9 } },
      claims: { outcome: 'cancelled', end_reason: 'cancelled', handed_over: true },
    });
    expect(claimsOf(daemon.records())).toMatchObject({ count: 0, open: 0 });
  });

  test('interrupted: at once when the broker ends, and at the next start when the daemon was killed (invariant 11, A20)', async () => {
    daemon = await startTestDaemon();
    const { folder } = daemon;
    const begin = async (): Promise<string> => {
      const before = daemon.records().length;
      const socket = connect(daemon.socket);
      socket.on('error', () => undefined);
      socket.write('{"jsonrpc":"2.0","id":1,"method":"misbehave.hang","params":{}}\n');
      const launched = () =>
        daemon
          .records()
          .slice(before)
          .some(({ event }) => event === 'launch');
      await expect.poll(launched, WITHIN).toBe(true);
      return String(daemon.records().findLast(({ event }) => event === 'call-start')?.claims['request_id']);
    };
    const first = await begin();
    const broker = childrenOf(daemon.pid)
      .flatMap(descendantsOf)
      .find((pid) => isBroker(pid));
    process.kill(broker ?? -1, 'SIGKILL');
    const interrupted = () => daemon.records().filter(({ event }) => event === 'interrupted').length;
    await expect.poll(interrupted, WITHIN).toBe(1);
    expect(endOf(daemon, first)).toMatchObject({
      event: 'interrupted',
      facts: { why: 'broker-ended', end_reason: 'interrupted', launches: [1] },
    });

    const second = await begin();
    daemon.monitor.kill('SIGKILL');
    await new Promise((resolve) => daemon.monitor.once('exit', resolve));
    daemon = await startTestDaemon({ folder });
    expect(endOf(daemon, second)).toMatchObject({
      event: 'interrupted',
      facts: { why: 'daemon-ended', end_reason: 'interrupted', launches: [2], uid },
      claims: { method: 'misbehave.hang' },
    });
    const start = daemon.records().findLast(({ event }) => event === 'daemon-start');
    expect(start?.facts).toMatchObject({ interrupted: 1, durability: 'outcome' });
    expect(claimsOf(daemon.records())).toMatchObject({ count: 0, open: 0 });
    expect(verifyClaims(daemon).status).toBe(0);
  });
});

function isBroker(pid: number): boolean {
  try {
    return /^\/node\0.*broker\/main\.js/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  } catch {
    return false;
  }
}
