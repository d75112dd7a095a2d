import { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Admitted } from '../../../src/broker/call.ts';
import { createEarlyEnd } from '../../../src/broker/connection/early-end.ts';
import { converse, type Told } from '../../../src/broker/launch/converse.ts';
import type { LaunchGrant } from '../../../src/broker/monitor-link.ts';
import { keepIndexes } from '../../../src/broker/scrub/kept-indexes.ts';
import type { KnownValues } from '../../../src/broker/scrub/known-values.ts';
import type { Services } from '../../../src/broker/services.ts';
import { makePipe } from '../../../src/posix/pipes.ts';
import { patience } from '../../support/patience.ts';
import { limits, loadMethod, SECRET, scrub } from './fixtures.ts';

const RESULT =
  '    result: { type: object, properties: { a: { type: object, additionalProperties: { type: integer } } } }\n';

/** What a played driver says, each text so many milliseconds after the one before. */
type Speech = readonly (readonly [afterMs: number, text: string])[];

/** Plays a driver: it says this, then the launch ends when it is killed or the output was taken. */
async function converseWith(
  stdout: string | Speech,
  instead: object = {},
  limited = 'output_bytes: 1024',
): Promise<{ told: Told; kept: number }> {
  const [input, output, errors] = [makePipe(), makePipe(), makePipe()];
  const ended = Promise.withResolvers<Awaited<LaunchGrant['ended']>>();
  // Only what this stage reads of a grant, a call and the services.
  const grant = {
    ...{ launch: 1, secrets: [{ name: 'token', value: Buffer.from(SECRET).toString('base64') }] },
    ...{ stdin: input.write.release(), stdout: output.read.release(), stderr: errors.read.release() },
    ended: ended.promise,
  } as unknown as LaunchGrant;
  const admitted = {
    generation: { settings: { limits }, scrub },
    metadata: { raw: false },
    session: { notify: () => true },
    early: createEarlyEnd(),
  } as unknown as Admitted;
  const services = {
    ...{ indexes: keepIndexes(), log: { debug: () => undefined } },
    ...instead,
  } as unknown as Services;
  const driver = new Socket({ fd: output.write.release(), readable: false, writable: true });
  driver.on('error', () => undefined);
  const kill = (): void => {
    driver.destroy();
    errors.write.close();
    ended.resolve({ type: 'launch-ended', launch: 1, status: 137, end: 'exit' } as never);
  };
  const method = loadMethod('jsonrpc', RESULT, `limits: { ${limited} }\n`);
  const told = converse(
    { admitted, method, grant, input: Buffer.from('{}\n'), kill, terminate: kill },
    services,
  );
  for (const [afterMs, text] of typeof stdout === 'string' ? [[0, stdout] as const] : stdout) {
    if (afterMs > 0) await wait(afterMs);
    driver.write(text);
  }
  const result = await told;
  input.read.close();
  return { told: result, kept: services.indexes.count };
}

const response = (result: unknown): string => `${JSON.stringify({ jsonrpc: '2.0', id: 1, result })}\n`;

test('output over the limit after a complete answer does not take that back: the first cause decides (D13)', async () => {
  const { told } = await converseWith(response({ a: { b: 1 } }) + 'x'.repeat(2_048));
  expect(told).toMatchObject({ end: 'answered', answer: { ok: true, result: { a: { b: 1 } } } });
});

test('output over the limit before an answer is complete is the cause', async () => {
  const { told } = await converseWith('x'.repeat(2_048) + response({}));
  expect(told.end).toBe('output-limit');
});

test('the place of a wrong result tells no secret that is a name in it (C9)', async () => {
  const { told } = await converseWith(response({ a: { [SECRET]: 'no integer' } }));
  expect(told).toMatchObject({ end: 'bad-output', place: { at: '/a/[REDACTED:token]', rule: 'type' } });
  expect(told.scrubbed.get('token')).toBe(1);
});

test('known values are forgotten when the last launch that had them was heard out', async () => {
  expect((await converseWith(response({}))).kept).toBe(0);
});

test('a result that cannot be scrubbed reaches nobody: the call ends as a fault of ours, on record (invariant 10)', async () => {
  const faults: unknown[] = [];
  const failing = new Proxy<KnownValues>(Object.create(null), {
    get() {
      throw new RangeError(`Cannot look at ${SECRET}`);
    },
  });
  const { told } = await converseWith(response({ a: { b: 1 } }), {
    indexes: { count: 0, borrow: () => ({ known: failing, giveBack: () => undefined }) },
    log: { debug: () => undefined, error: (details: unknown) => void faults.push(details) },
    driverLogs: { keep: () => undefined },
  });
  expect(told.end).toBe('unscrubbed');
  expect(told.scrubbed.get('scrubber-failed')).toBe(faults.length);
  expect(faults.length).toBeGreaterThan(0);
  expect(JSON.stringify(told)).not.toContain(SECRET);
});

const IDLE_MS = 1_500 * patience;
const IDLE = `idle_ms: ${IDLE_MS}, output_bytes: 1024`;
const progress = `${JSON.stringify({ jsonrpc: '2.0', method: 'progress', params: { progress: 1 } })}\n`;

test('a driver that says nothing for as long as its profile lets it ends as a timeout (R4)', async () => {
  const { told } = await converseWith(progress.slice(0, 8), {}, IDLE);
  expect(told.end).toBe('timeout');
});

test('whatever a driver says lets it live on: it may take longer in all than it may say nothing', async () => {
  const part = IDLE_MS / 3;
  const speech: Speech = [
    [0, '{"jsonrpc":'],
    [part, '"2.0",'],
    [part, '"id":1,'],
    [part, ' '],
    [part, '"result":'],
    [part, '{}}\n'],
  ];
  const { told } = await converseWith(speech, {}, IDLE);
  expect(told).toMatchObject({ end: 'answered', answer: { ok: true } });
});
