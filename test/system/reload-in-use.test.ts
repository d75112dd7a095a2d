import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { checkClaims } from '../../src/shared/audit/claims.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const RELOADS = 6;
const CALLERS = 4;

let daemon: TestDaemon;
afterEach(() => daemon.stop());

test.each([
  ['stand ready', 'copy.copy', 'driver: catter\nprestart: { min: 2, max: 4 }\n'],
  ['are persistent', 'copy.say', 'driver: shared\nmode: persistent\n'],
])(
  'no call fails while drivers that %s are replaced at reload after reload, each with its intent and its end',
  async (_what, method, words) => {
    const profile = (round: number): string => `version: 1\n${words}limits: { wall_ms: ${20_000 + round} }\n`;
    daemon = await startTestDaemon({ profiles: { copy: profile(0) } });
    let isOver = false;
    let calls = 0;
    const failures: unknown[] = [];
    async function callOn(): Promise<void> {
      while (!isOver) {
        calls += 1;
        const { error } = await callOnce(daemon.socket, method, { text: 'x' });
        if (error !== undefined) failures.push(error);
      }
    }
    const callers = Array.from({ length: CALLERS }, callOn);
    for (let round = 1; round <= RELOADS; round += 1) {
      writeFileSync(join(daemon.folder, 'drivers.d/copy.yaml'), profile(round));
      daemon.monitor.kill('SIGHUP');
      await wait(300);
    }
    isOver = true;
    await Promise.all(callers);
    expect(failures).toEqual([]);
    expect(calls).toBeGreaterThan(RELOADS);
    const records = daemon.records();
    expect(records.filter(({ event }) => event === 'reload').length).toBeGreaterThan(1);
    const check = checkClaims();
    for (const record of records as Parameters<typeof check.take>[0][]) check.take(record);
    expect(check.result()).toMatchObject({ findings: [], checked: calls });
    // Each launch that an intent names served that call alone, unless it serves many.
    const shared = new Set(
      records.filter(({ facts }) => facts['for'] === 'persistent').map(({ facts }) => facts['launch']),
    );
    const named = records
      .filter(({ event }) => event === 'call-start')
      .flatMap(({ facts }) => facts['launch'] ?? [])
      .filter((launch) => !shared.has(launch));
    expect(new Set(named).size).toBe(named.length);
  },
);
