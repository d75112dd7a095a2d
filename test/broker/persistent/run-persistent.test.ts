import { expect, test } from 'vitest';
import type { Admitted, Run } from '../../../src/broker/call.ts';
import { createEarlyEnd, type EarlyEnding } from '../../../src/broker/connection/early-end.ts';
import type { PersistentProcess, RequestHearing } from '../../../src/broker/persistent/process.ts';
import { runPersistent } from '../../../src/broker/persistent/run-persistent.ts';
import { keepIndexes } from '../../../src/broker/scrub/kept-indexes.ts';
import type { Services } from '../../../src/broker/services.ts';
import { limits, loadMethod, SECRET, scrub } from '../launch/fixtures.ts';

const LOG = 'log';

/** A call in a process whose side the test plays. */
interface Played {
  readonly run: Promise<Omit<Run, 'times'>>;
  readonly hearing: RequestHearing;
  readonly early: EarlyEnding;
  /** What the process was told and what befell it, in order. */
  readonly done: string[];
  /** Lines that were kept for people. */
  readonly kept: string[];
}

function play(profile: string): Played {
  const [done, kept]: [string[], string[]] = [[], []];
  let hearing: RequestHearing | undefined;
  const running = {
    grant: { launch: 1, isolation: null, secrets: [{ name: 'token', value: btoa(SECRET) }] },
    request(_method: string, _params: unknown, _meta: unknown, given: RequestHearing) {
      hearing = given;
      return 2;
    },
    cancel: (id: number) => void done.push(`cancel ${id}`),
    kill: (fault: string) => void done.push(fault),
  } as unknown as PersistentProcess;
  const early = createEarlyEnd();
  const admitted = {
    ...{ requestId: 'it', params: {}, metadata: {}, early, session: { notify: () => true } },
    generation: { settings: { limits }, scrub },
  } as unknown as Admitted;
  const services = {
    indexes: keepIndexes(),
    driverLogs: {
      keep: (_driver: string, _where: string, _said: object, bytes: Uint8Array) => void kept.push(`${bytes}`),
    },
    log: { warn: () => undefined, error: () => undefined },
  } as unknown as Services;
  const method = loadMethod('jsonrpc', '    result: {}\n', profile);
  const run = runPersistent(admitted, method, running, services);
  if (hearing === undefined) throw new Error('Cannot play the process: it was asked for nothing');
  return { run, hearing, early, done, kept };
}

test('what ends a call early while its answer is scrubbed neither takes that back nor ends the process of all others', async () => {
  const { run, hearing, early, done } = play('');
  const result = `${'a line\n'.repeat(10_000)}${SECRET}`;
  hearing.response({ jsonrpc: '2.0', id: 2, result }, Buffer.from(JSON.stringify({ result })));
  early.end('cancelled');
  expect(await run).toMatchObject({ outcome: 'ok', answer: { ok: true } });
  expect(done).toEqual([]);
});

test('a call whose progress and log lines are more than its output may be ends; what still comes is not looked at (L15)', async () => {
  const { run, hearing, done, kept } = play('limits: { output_bytes: 1024 }\n');
  for (const number of [1, 2, 3])
    hearing.notification(LOG, { level: 'info', message: `line ${number}` }, 500);
  expect(done).toEqual(['cancel 2']);
  hearing.response({ jsonrpc: '2.0', id: 2, result: null }, Buffer.from('{}'));
  expect(await run).toMatchObject({ outcome: 'output-limit', answer: { ok: false, reason: 'output-limit' } });
  expect(kept.join('')).toBe('line 1\nline 2\n');
  expect(done).toEqual(['cancel 2']);
});
