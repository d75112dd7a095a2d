import { chmodSync, globSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { childrenOf } from '../../../src/monitor/launch/process-status.ts';
import { connectClient } from '../../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../../support/daemon.ts';
import { commandLines, descendantsOf } from '../../support/processes.ts';
import { testRootFolder } from '../../support/root-folder.ts';
import { rounds } from '../../support/rounds.ts';

/** From before runc runs, over each of its steps, to the middle of the driver's work. */
const AFTER_MS = [0, 20, 60, 500] as const;
const PATIENCE = { timeout: 20_000, interval: 50 };

let root: string;
beforeAll(() => {
  root = testRootFolder();
}, 300_000);

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

/** What a container leaves while it is there: its folder, what runc keeps of it, its cgroups, files in memory. */
function leftOf(folder: string, names: readonly string[]): string[] {
  const kept = ['bundles', 'runc'].flatMap((part) => globSync(`${folder}/state/containers/${part}/*`));
  const named = names.flatMap((name) => [
    ...globSync(`/sys/fs/cgroup/**/${name}`),
    ...globSync(`/dev/shm/${name}`),
  ]);
  return [...kept, ...named];
}

async function killOneRound(victim: 'monitor' | 'broker' | 'runc', afterMs: number): Promise<void> {
  const { folder, mark } = makeMarkedDriver();
  const profiles = { marked: `version: 1\nlauncher: container\nroot: ${root}\n` };
  const start = (): Promise<TestDaemon> => startTestDaemon({ folder, profiles });
  let daemon = await start();
  const before = childrenOf(daemon.pid);
  const broker = before.flatMap(descendantsOf).at(-1) ?? -1;
  const client = await connectClient(daemon.socket);
  client.send({ jsonrpc: '2.0', id: 1, method: 'marked.hang', params: {} });
  await expect
    .poll(() => childrenOf(daemon.pid).filter((pid) => !before.includes(pid)), { ...PATIENCE, interval: 1 })
    .not.toEqual([]);
  const [runc = -1] = childrenOf(daemon.pid).filter((pid) => !before.includes(pid));
  await wait(afterMs);
  const names = readdirSync(join(folder, 'state/containers/bundles'));
  process.kill({ monitor: daemon.pid, broker, runc }[victim], 'SIGKILL');
  client.close();
  if (victim === 'monitor') {
    await expect.poll(() => daemon.monitor.signalCode, PATIENCE).toBe('SIGKILL');
    daemon = await start();
  }
  const drivers = (): string[] =>
    [...commandLines().values()].filter(
      (line) => line.includes(mark) || names.some((name) => line.includes(name)),
    );
  await expect.poll(() => [...drivers(), ...leftOf(folder, names)], PATIENCE).toEqual([]);
  expect(await daemon.stop()).toBe(0);
  rmSync(folder, { recursive: true, force: true });
}

describe.each([
  ['broker', 'ends the container, and leaves nothing of it'],
  ['runc', 'ends the container, and leaves nothing of it'],
  ['monitor', 'leaves at most what the next start ends'],
] as const)('kill -9 of the %s %s', (victim, _what) => {
  test.each(AFTER_MS)(
    'at %i ms after a launch in a container begins (invariant 9, O2)',
    async (afterMs) => {
      for (let round = 0; round < rounds('kills'); round += 1) await killOneRound(victim, afterMs);
    },
    600_000,
  );
});
