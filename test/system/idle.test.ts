import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, TEST_DRIVERS, type TestDaemon } from '../support/daemon.ts';

const IDLE_MS = 1_000;
const WALL_MS = 3_000;

let daemon: TestDaemon;
beforeAll(async () => {
  const drivers = mkdtempSync(join(tmpdir(), 'driverd-idle-'));
  chmodSync(drivers, 0o755);
  mkdirSync(join(drivers, 'endless'));
  writeFileSync(
    join(drivers, 'endless/driver.yaml'),
    'version: 1\nname: endless\nkind: command\nprogram: { executable: /usr/bin/yes }\nmethods:\n  run: { params: { type: object, additionalProperties: false }, output: text, result: { type: object } }\n',
  );
  daemon = await startTestDaemon({
    driverFolders: [TEST_DRIVERS, drivers],
    profiles: {
      talker: `version: 1\nlimits: { idle_ms: ${IDLE_MS} }\n`,
      endless: `version: 1\non_output_limit: truncate\nlimits: { idle_ms: ${IDLE_MS}, wall_ms: ${WALL_MS}, output_bytes: 4096 }\n`,
    },
  });
});
afterAll(() => daemon.stop());

const endOf = (method: string) =>
  daemon.records().find(({ event, claims }) => event === 'call-end' && claims['method'] === method);

test('a driver that falls silent ends long before its wall time, as a timeout, on record and dead (R4)', async () => {
  const { error } = await callOnce(daemon.socket, 'talker.patient');
  expect(error?.data.reason).toBe('timeout');
  expect(endOf('talker.patient')).toMatchObject({
    facts: { run: { end: 'asked' } },
    claims: { end_reason: 'timeout' },
  });
});

test('one that goes on talking beyond the limit of its output is not silent: its wall time ends it', async () => {
  const { error } = await callOnce(daemon.socket, 'endless.run');
  expect(error?.data.reason).toBe('timeout');
  expect(endOf('endless.run')?.claims['ran_us']).toBeGreaterThan(2 * IDLE_MS * 1_000);
});
