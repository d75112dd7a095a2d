import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { childrenOf } from '../../../src/monitor/launch/process-status.ts';
import { connectClient } from '../../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../../support/daemon.ts';
import { commandLines, descendantsOf, isAlive } from '../../support/processes.ts';
import { rounds } from '../../support/rounds.ts';

/** From before the sandbox is made to the middle of the driver’s work. */
const AFTER_MS = [0, 1, 2, 5, 10, 20, 30, 50, 400] as const;
const LIFE_AFTER_DEATH_MS = 1_000;

/** The launcher of the broker is the monitor's first child; a driver's comes after it. */
async function waitForLaunch(daemon: TestDaemon, before: readonly number[]): Promise<number> {
  for (;;) {
    const launcher = childrenOf(daemon.pid).find((pid) => !before.includes(pid));
    if (launcher !== undefined) return launcher;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A driver whose every process has a word in its arguments that no other test's has. */
function makeMarkedDriver(): { folder: string; mark: string } {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  const mark = `marked-${basename(folder)}`;
  const place = join(folder, 'drivers/marked');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, mark), '#!/bin/sh\nwhile :; do sleep 1; done\n', { mode: 0o755 });
  writeFileSync(
    join(place, 'driver.yaml'),
    `version: 1\nname: marked\nkind: command\nprogram: { executable: ${mark} }\nmethods:\n  hang:\n    params: { type: object, additionalProperties: false }\n    result: { type: object }\n`,
  );
  return { folder, mark };
}

async function killOneRound(victim: 'monitor' | 'broker' | 'launcher', afterMs: number): Promise<void> {
  const { folder, mark } = makeMarkedDriver();
  const daemon = await startTestDaemon({ folder, profiles: { marked: 'version: 1\n' } });
  const before = childrenOf(daemon.pid);
  const client = await connectClient(daemon.socket);
  client.send({ jsonrpc: '2.0', id: 1, method: 'marked.hang', params: {} });
  const launcher = await waitForLaunch(daemon, before);
  await wait(afterMs);
  const inside = descendantsOf(launcher);
  const broker = before.flatMap(descendantsOf).at(-1) ?? -1;
  const pid = { monitor: daemon.pid, broker, launcher }[victim];
  process.kill(pid, 'SIGKILL');
  await wait(LIFE_AFTER_DEATH_MS);
  const alive = [launcher, ...inside].filter(isAlive);
  const drivers = [...commandLines()].filter(([, line]) => line.includes(mark));
  client.close();
  if (victim === 'monitor') rmSync(folder, { recursive: true });
  else await daemon.stop();
  expect({ victim, afterMs, alive, drivers }).toEqual({ victim, afterMs, alive: [], drivers: [] });
}

describe.each(['monitor', 'broker', 'launcher'] as const)('kill -9 of the %s', (victim) => {
  test.each(AFTER_MS)(
    'at %i ms after a launch begins leaves no driver alive 1 s later (invariant 9, O2)',
    async (afterMs) => {
      for (let round = 0; round < rounds('kills'); round += 1) await killOneRound(victim, afterMs);
    },
    600_000,
  );
});

test('after a broker’s end the listener refuses no connect, and who connected in between is answered by the next broker (O9, O13)', async () => {
  const daemon = await startTestDaemon();
  const broker = childrenOf(daemon.pid).flatMap(descendantsOf).at(-1) ?? -1;
  process.kill(broker, 'SIGKILL');
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectClient(daemon.socket)));
  const replies = await Promise.all(clients.map((client) => client.call('echo.say', { text: 'still here' })));
  for (const reply of replies) expect(reply.error).toBeUndefined();
  for (const client of clients) client.close();
  expect(daemon.records().some((record) => record.event === 'broker-ended')).toBe(true);
  expect(await daemon.stop()).toBe(0);
});

test('a call that was running when its broker ended is closed as interrupted, and has no second outcome (A20)', async () => {
  const daemon = await startTestDaemon();
  const broker = childrenOf(daemon.pid).flatMap(descendantsOf).at(-1) ?? -1;
  const client = await connectClient(daemon.socket);
  client.send({ jsonrpc: '2.0', id: 1, method: 'misbehave.hang', params: {} });
  await expect
    .poll(() => daemon.records().some((record) => record.event === 'launch'), { timeout: 10_000 })
    .toBe(true);
  process.kill(broker, 'SIGKILL');
  await expect
    .poll(() => daemon.records().some((record) => record.event === 'interrupted'), { timeout: 10_000 })
    .toBe(true);
  const call = daemon.records().find((record) => record.event === 'interrupted')?.claims['call'];
  expect(
    daemon.records().filter((record) => record.event === 'call-end' && record.claims['call'] === call),
  ).toEqual([]);
  client.close();
  expect(await daemon.stop()).toBe(0);
});
