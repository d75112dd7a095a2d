import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { readFrames, temporaryFolder } from '../driverctl/ship/played-receiver.ts';
import { connectClient } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { judge, recordsOf } from '../support/shipped.ts';

const CALLS = 10;
const PATIENCE_MS = 40_000 * patience;
const TEST_LIMIT_MS = 120_000 * patience;

test(
  'a sink that is down, and one that takes nothing, cost no call; the monitor connects to nobody; once it is up the sink has every record',
  async () => {
    const trace = join(temporaryFolder(), 'trace');
    const daemon = await startTestDaemon({
      wrap: ['strace', '-D', '-qq', '-e', 'trace=connect,accept4', '-e', 'signal=none', '-o', trace],
    });
    onTestFinished(() => daemon.stop().then(() => undefined));
    const socket = join(daemon.folder, 'sink.sock');
    const words = ['audit', 'ship', '--to', 'syslog', '--log', daemon.log, '--address', socket];
    const position = join(daemon.folder, 'position');
    const shipper = spawn(
      process.execPath,
      [join(ROOT, 'dist/driverctl/main.js'), ...words, '--position', position],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    shipper.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const ended = new Promise((resolve) => shipper.once('exit', resolve));
    onTestFinished(() => void shipper.kill('SIGKILL'));

    const client = await connectClient(daemon.socket);
    onTestFinished(client.close);
    async function callMany(): Promise<void> {
      for (let call = 0; call < CALLS; call += 1)
        expect((await client.call('echo.say', { text: 'x' })).result).toEqual({ text: 'x' });
    }

    await expect.poll(() => said, { timeout: PATIENCE_MS }).toContain('it does not exist; trying again');
    await callMany();

    const chunks: Buffer[] = [];
    let isReading = false;
    const server = createServer({ pauseOnConnect: true }, (connection) => {
      connection.on('error', () => undefined);
      connection.on('data', (chunk: Buffer) => void chunks.push(chunk));
      const begin = (): void => void (isReading ? connection.resume() : setTimeout(begin, 10));
      begin();
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    onTestFinished(() => void server.close());
    await callMany();
    expect(existsSync(position)).toBe(true);
    expect(JSON.parse(readFileSync(position, 'utf8'))).toMatchObject({ taken: null });

    isReading = true;
    const lines = (): string[] => readFileSync(daemon.log, 'utf8').split('\n').filter(Boolean);
    const result = () => judge(recordsOf(readFrames(Buffer.concat(chunks))), lines());
    await expect.poll(() => result().missing, { timeout: PATIENCE_MS }).toEqual([]);
    expect(result()).toMatchObject({ outOfOrder: [], different: [] });
    expect(result().written).toBeGreaterThan(4 * CALLS);
    shipper.kill('SIGTERM');
    expect(await ended).toBe(0);

    const calls = readFileSync(trace, 'utf8').split('\n');
    expect(calls.filter((call) => call.startsWith('accept4'))).not.toEqual([]);
    // The C library asks a cache of names, where there is one.
    expect(calls.filter((call) => call.startsWith('connect') && !call.includes('/nscd/'))).toEqual([]);
  },
  TEST_LIMIT_MS,
);
