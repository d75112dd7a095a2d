import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { commandLines } from '../support/processes.ts';

const MEBIBYTE = 1_048_576;

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon({ profiles: { source: 'version: 1\n' } });
});
afterAll(() => daemon.stop());

function driverctl(words: readonly string[]): ReturnType<typeof spawn> {
  const main = join(ROOT, 'dist/driverctl/main.js');
  return spawn(process.execPath, [main, 'call', '--socket', daemon.socket, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const statusOf = (child: ReturnType<typeof spawn>): Promise<number | null> =>
  new Promise((resolve) => child.once('close', resolve));

test('a stream comes out of driverctl byte for byte, as fast as it is read', async () => {
  const child = driverctl(['source.zeros', `bytes=${20 * MEBIBYTE}`]);
  const ended = statusOf(child);
  const hash = createHash('sha256');
  let length = 0;
  for await (const chunk of child.stdout ?? []) {
    hash.update(chunk);
    length += chunk.length;
  }
  expect(await ended).toBe(0);
  expect(length).toBe(20 * MEBIBYTE);
  expect(hash.digest('hex')).toBe(
    createHash('sha256')
      .update(Buffer.alloc(20 * MEBIBYTE))
      .digest('hex'),
  );
});

test('--raw passes stdout as a stream, then stderr and the exit status of the program', async () => {
  const child = driverctl(['source.fail', '--raw']);
  const said: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (chunk: Buffer) => {
      said[name] += chunk.toString();
    });
  expect(await statusOf(child)).toBe(3);
  expect(said).toEqual({ stdout: 'some of it\n', stderr: 'it broke\n' });
});

test('a reader that closes its end ends the call', async () => {
  const child = driverctl(['source.zeros', `bytes=${200 * MEBIBYTE}`]);
  child.stdout?.once('data', () => child.stdout?.destroy());
  expect(await statusOf(child)).toBe(1);
  await expect
    .poll(() => daemon.records().some(({ claims }) => claims['end_reason'] === 'disconnected'), {
      timeout: 10_000 * patience,
    })
    .toBe(true);
});

test('Ctrl-C cancels the call, which is on record, and ends with 130', async () => {
  const child = driverctl(['source.stay']);
  const ended = statusOf(child);
  const running = (): number => [...commandLines().values()].filter((line) => line === 'sleep 1006').length;
  await expect.poll(running, { timeout: 10_000 * patience }).toBeGreaterThan(0);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(running()).toBe(0);
  expect(daemon.records().findLast(({ event }) => event === 'call-end')?.claims).toMatchObject({
    ...{ outcome: 'cancelled', end_reason: 'cancelled' },
  });
});
