import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { permitAll } from '../../scripts/development-folder.ts';
import { type Client, callOnce, connectClient, type Message } from '../support/client.ts';
import { type AuditRecord, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { commandLines, descendantsOf } from '../support/processes.ts';
import { rounds } from '../support/rounds.ts';

const GRACE_MS = 1_500;
/** How long calls of the rounds would last, and so how late one may be ended, in milliseconds. */
const LATEST_MS = 120;
const AT_ONCE = 8;
const ENDS = new Set(['call-end', 'interrupted', 'refused', 'invalid', 'denied']);

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({
    profiles: {
      echo: 'version: 1\n',
      endable: `version: 1\nlimits: { term_grace_ms: ${GRACE_MS} }\n`,
      hasty: 'version: 1\ndriver: endable\nlimits: { term_grace_ms: 0 }\n',
      source: 'version: 1\n',
      misbehave: 'version: 1\nlimits: { wall_ms: 20000 }\n',
    },
    policy: permitAll(process.geteuid?.() ?? 0),
    settings:
      'limits: { calls_per_minute: 10000000, launches_per_second: 10000, in_flight_per_driver: 16, queue_ms: 60000 }',
  });
});
afterAll(() => daemon.stop());

const endOf = (request: unknown): AuditRecord[] =>
  daemon.records().filter(({ event, claims }) => ENDS.has(event) && claims['request_id'] === request);
const running = (line: string): string[] => [...commandLines().values()].filter((one) => one.includes(line));

function begin(client: Client, id: string | number, method: string, params: object = {}): void {
  const _meta = { progressToken: id };
  client.send({ jsonrpc: '2.0', id, method, params: { ...params, _meta } });
}

/** Messages up to the reply with this id. */
async function heard(client: Client, id: string | number): Promise<Message> {
  for (;;) {
    const message = (await client.next()) as Message | null;
    if (message === null) throw new Error('Cannot hear the daemon: it closed the connection');
    if (message.id === id) return message;
  }
}

/** A driver that has begun. */
async function started(method: string): Promise<Client> {
  const client = await connectClient(daemon.socket);
  begin(client, 'c', method);
  for (;;) {
    const message = (await client.next()) as Message | null;
    if (message?.params?.['message'] === 'ready') return client;
    if (message === null || message.id === 'c') throw new Error(`Cannot start ${method}: it has ended`);
  }
}

describe('rpc.cancel', () => {
  test('ends the call, whose reply and record say that it was cancelled, and says whether there was one', async () => {
    const client = await started('endable.wait');
    client.send({ jsonrpc: '2.0', id: 'x', method: 'rpc.cancel', params: { id: 'c' } });
    expect((await heard(client, 'x')).result).toEqual({ cancelled: true });
    const { error } = await heard(client, 'c');
    expect(error).toMatchObject({ code: -32014, data: { reason: 'cancelled' } });
    const [end, ...more] = endOf(error?.data.request_id);
    expect(more).toEqual([]);
    expect(end?.claims).toMatchObject({ outcome: 'cancelled', end_reason: 'cancelled', handed_over: true });
    expect(end?.facts['run']).toMatchObject({ end: 'asked' });
    client.send({ jsonrpc: '2.0', id: 'y', method: 'rpc.cancel', params: { id: 'c' } });
    expect((await heard(client, 'y')).result).toEqual({ cancelled: false });
    client.close();
  });

  test('is none of a call without such an id: of another type, its own, or of nobody', async () => {
    const client = await started('endable.wait');
    for (const id of [1, 'd', 'self', null]) {
      client.send({ jsonrpc: '2.0', id: 'self', method: 'rpc.cancel', params: { id } });
      expect((await heard(client, 'self')).result).toEqual({ cancelled: false });
    }
    for (const params of [{}, { id: true }, { id: 1.5 }, { id: 'c', session: 1 }]) {
      client.send({ jsonrpc: '2.0', id: 'self', method: 'rpc.cancel', params });
      expect((await heard(client, 'self')).error?.data.reason).toBe('invalid-params');
    }
    client.close();
  });

  test('cannot name a call of another connection (Z8)', async () => {
    const client = await started('endable.wait');
    const stranger = await connectClient(daemon.socket);
    expect((await stranger.call('rpc.cancel', { id: 'c' })).result).toEqual({ cancelled: false });
    await wait(200);
    client.send({ jsonrpc: '2.0', id: 'x', method: 'rpc.cancel', params: { id: 'c' } });
    expect((await heard(client, 'x')).result).toEqual({ cancelled: true });
    await heard(client, 'c');
    client.close();
    stranger.close();
  });

  test('ends all calls that have the id, as the caller gave it to several at once', async () => {
    const client = await connectClient(daemon.socket);
    for (let call = 0; call < 3; call += 1) begin(client, 'same', 'endable.wait');
    for (let ready = 0; ready < 3; ) {
      const message = (await client.next()) as Message;
      if (message.params?.['message'] === 'ready') ready += 1;
    }
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'same' } });
    for (let call = 0; call < 3; call += 1)
      expect((await heard(client, 'same')).error?.data.reason).toBe('cancelled');
    client.close();
  });

  test('ends a call that waits for a place at once, and needs none itself', async () => {
    const client = await connectClient(daemon.socket);
    for (let call = 0; call < 16; call += 1) begin(client, `holds ${call}`, 'source.stay');
    await expect.poll(() => running('sleep 1006').length, { timeout: 10_000 * patience }).toBe(32);
    begin(client, 'waits', 'source.stay');
    client.send({ jsonrpc: '2.0', id: 'x', method: 'rpc.cancel', params: { id: 'waits' } });
    const { error } = await heard(client, 'waits');
    expect(error?.data.reason).toBe('cancelled');
    expect(endOf(error?.data.request_id).map(({ event, claims }) => [event, claims['end_reason']])).toEqual([
      ['refused', 'cancelled'],
    ]);
    client.close();
    await expect.poll(() => running('sleep 1006'), { timeout: 10_000 * patience }).toEqual([]);
  });
});

describe('a driver whose call is cancelled', () => {
  test('has its grace after SIGTERM: what it says while it clears up is kept', async () => {
    const client = await started('endable.clean');
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
    const { error } = await heard(client, 'c');
    expect(error?.data.reason).toBe('cancelled');
    const logs = await callOnce(daemon.socket, 'rpc.logs', { driver: 'endable' });
    const mine = logs.result.lines.filter(
      (line: { request: string }) => line.request === error?.data.request_id,
    );
    expect(mine.map((line: { text: string }) => line.text)).toEqual(['cleared up']);
    expect(endOf(error?.data.request_id)[0]?.facts['run']).toMatchObject({ end: 'asked', exit_status: 0 });
    client.close();
  });

  test('that ignores SIGTERM is killed after its grace, with all that it started (invariant 9)', async () => {
    const client = await started('endable.ignore');
    await expect.poll(() => running('sleep 1005').length, { timeout: 5_000 * patience }).toBeGreaterThan(1);
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
    const { error } = await heard(client, 'c');
    expect(error?.data.reason).toBe('cancelled');
    expect(running('sleep 1005')).toEqual([]);
    const [end] = endOf(error?.data.request_id);
    expect(Number(end?.claims['ran_us'])).toBeGreaterThan(GRACE_MS * 1_000);
    client.close();
  });

  test('that has no grace is killed at once', async () => {
    const client = await started('hasty.clean');
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
    const { error } = await heard(client, 'c');
    expect(endOf(error?.data.request_id)[0]?.facts['run']).toMatchObject({ end: 'asked', exit_status: null });
    client.close();
  });

  test('may answer: the call was cancelled all the same', async () => {
    const client = await started('endable.answer');
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
    expect((await heard(client, 'c')).error?.data.reason).toBe('cancelled');
    client.close();
  });

  test('is killed when its broker dies in the middle of the grace', async () => {
    const client = await started('endable.ignore');
    await expect.poll(() => running('sleep 1005').length, { timeout: 5_000 * patience }).toBeGreaterThan(1);
    client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
    const lines = commandLines();
    const brokers = descendantsOf(daemon.pid).filter((pid) => lines.get(pid)?.includes('broker/main.js'));
    process.kill(Math.max(...brokers), 'SIGKILL');
    await expect.poll(() => running('sleep 1005'), { timeout: 5_000 * patience }).toEqual([]);
    client.close();
    await expect
      .poll(() => callOnce(daemon.socket, 'rpc.discover').then(({ error }) => error, String), {
        timeout: 10_000 * patience,
      })
      .toBeUndefined();
  });
});

describe('a caller that goes', () => {
  test('takes its call with it, which says so', async () => {
    const client = await started('endable.wait');
    client.close();
    await expect
      .poll(() => daemon.records().filter(({ claims }) => claims['end_reason'] === 'disconnected').length, {
        timeout: 10_000 * patience,
      })
      .toBeGreaterThan(0);
  });

  test('leaves a call that is to finish: it runs to its end, and its outcome is on record', async () => {
    const client = await connectClient(daemon.socket);
    const before = daemon.records().length;
    begin(client, 'c', 'source.finish');
    await expect
      .poll(() => running('sleep 0.4').length, { timeout: 10_000 * patience, interval: 10 })
      .toBeGreaterThan(0);
    client.close();
    await expect
      .poll(
        () =>
          daemon
            .records()
            .slice(before)
            .filter(({ event, claims }) => event === 'call-end' && claims['method'] === 'source.finish')
            .map(({ claims }) => claims['end_reason']),
        { timeout: 10_000 * patience },
      )
      .toEqual(['ok']);
  });
});

describe('at random moments', () => {
  /** Each call of these records has exactly one end. */
  function endsOf(records: readonly AuditRecord[], methods: readonly string[]): Map<string, string[]> {
    const ends = new Map<string, string[]>();
    for (const { event, claims } of records) {
      if (!methods.includes(String(claims['method']))) continue;
      const request = String(claims['request_id']);
      const known = ends.get(request) ?? [];
      ends.set(request, known);
      if (ENDS.has(event)) known.push(String(claims['end_reason']));
    }
    return ends;
  }

  /** Settles when so many connections were accepted and nothing is under way but the question itself. */
  async function quiet(before: number, connections: number): Promise<void> {
    const accepted = (): number =>
      daemon
        .records()
        .slice(before)
        .filter(({ event }) => event === 'session' || event === 'session-refused').length;
    const wanted = { timeout: 30_000 * patience };
    await expect.poll(accepted, wanted).toBeGreaterThanOrEqual(connections);
    await expect
      .poll(async () => {
        const { result } = await callOnce(daemon.socket, 'rpc.status');
        return [result.sessions, result.calls_in_flight];
      }, wanted)
      .toEqual([1, 1]);
  }

  async function inParallel(count: number, round: (at: number) => Promise<void>): Promise<void> {
    let at = 0;
    const work = async (): Promise<void> => {
      while (at < count) {
        at += 1;
        await round(at);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  test(
    'a cancel leaves nothing running, and each call has one end that says so (invariant 9, invariant 11)',
    async () => {
      const before = daemon.records().length;
      const replies: string[] = [];
      const count = rounds('cancels');
      await inParallel(count, async (at) => {
        const client = await connectClient(daemon.socket);
        begin(client, 'c', at % 2 === 0 ? 'source.stay' : 'endable.wait');
        await wait(Math.random() * LATEST_MS);
        client.send({ jsonrpc: '2.0', method: 'rpc.cancel', params: { id: 'c' } });
        replies.push((await heard(client, 'c')).error?.data.reason);
        client.close();
      });
      expect(replies).toEqual(Array(count).fill('cancelled'));
      expect(running('sleep 1006')).toEqual([]);
      expect(running('endable.mjs')).toEqual([]);
      const ends = endsOf(daemon.records().slice(before), ['source.stay', 'endable.wait']);
      expect([...ends.values()]).toEqual(Array(count).fill(['cancelled']));
    },
    rounds('cancels') * 1_000 * patience + 30_000,
  );

  test(
    'a caller that leaves leaves nothing running, and each call has one end that says so (T5, invariant 9, invariant 11)',
    async () => {
      const before = daemon.records().length;
      const count = rounds('cancels');
      await inParallel(count, async (at) => {
        const client = await connectClient(daemon.socket);
        begin(client, 'c', at % 2 === 0 ? 'source.stay' : 'source.finish');
        await wait(Math.random() * LATEST_MS);
        client.close();
      });
      // Each connection was accepted, and has ended, before all is counted: some callers left before they were heard.
      await quiet(before, count);
      expect([...running('sleep 1006'), ...running('sleep 0.4')]).toEqual([]);
      const records = daemon.records().slice(before);
      for (const ends of endsOf(records, ['source.stay']).values()) expect(ends).toEqual(['disconnected']);
      for (const ends of endsOf(records, ['source.finish']).values()) {
        expect(ends).toHaveLength(1);
        expect(['ok', 'disconnected']).toContain(ends[0]);
      }
      // What was handed over ran to its end.
      const begun = records.filter(
        ({ event, claims }) =>
          event === 'call-end' && claims['method'] === 'source.finish' && claims['handed_over'] === true,
      );
      expect(begun.filter(({ claims }) => claims['end_reason'] !== 'ok')).toEqual([]);
    },
    rounds('cancels') * 1_000 * patience + 60_000,
  );
});
