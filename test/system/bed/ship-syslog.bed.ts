import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';
import { openAuditLog } from '../../../src/monitor/audit/log.ts';
import { rounds } from '../../support/rounds.ts';
import { playRsyslog, type RsyslogInput } from '../../support/rsyslog.ts';
import { judge, recordsOf } from '../../support/shipped.ts';

/** Nobody's: what ships is neither root nor the log's owner, but of its group. */
const SHIPPER = 79_991;
const TLS_PORT = 26_514;
const ROUNDS = rounds('shipRestarts');
const SHIPPED_WITHIN_MS = 180_000;

const signals = ['SIGKILL', 'SIGTERM'] as const;
const between = (low: number, high: number): number => low + Math.random() * (high - low);

/** The log's own writer, in a folder that only its owner and the shipper's group can read. */
async function startWriter(folder: string) {
  const path = join(folder, 'log/audit.jsonl');
  const stateFolder = join(folder, 'state');
  mkdirSync(join(folder, 'log'));
  mkdirSync(stateFolder, { mode: 0o700 });
  chownSync(join(folder, 'log'), 0, SHIPPER);
  chmodSync(join(folder, 'log'), 0o2750);
  const log = await openAuditLog({ path, stateFolder });
  let isOn = true;
  let written = 0;
  const ended = (async () => {
    while (isOn) {
      const many = Math.round(between(1, 20));
      await Promise.all(
        Array.from({ length: many }, () => {
          written += 1;
          const facts = { session: written, uid: 1000 };
          const claims = { method: 'echo.say', said: `"]\\ \u0001 ü ${'x'.repeat(between(0, 900))}` };
          return log.append('call-end', facts, claims, false);
        }),
      );
      await sleep(between(5, 30));
    }
    await log.close();
  })();
  return {
    path,
    async stop(): Promise<string[]> {
      isOn = false;
      await ended;
      return readFileSync(path, 'utf8').split('\n').filter(Boolean);
    },
  };
}

/** `driverctl audit ship` as an ordinary user, to be ended and started again. */
function shipper(folder: string, words: readonly string[]) {
  const own = join(folder, 'shipper');
  mkdirSync(own, { mode: 0o700 });
  chownSync(own, SHIPPER, SHIPPER);
  let child: ChildProcess | null = null;
  let ended: Promise<unknown> = Promise.resolve();
  let output = '';
  return {
    start(): void {
      const main = join(ROOT, 'dist/driverctl/main.js');
      const all = [main, 'audit', 'ship', '--to', 'syslog', '--position', join(own, 'position'), ...words];
      const started = spawn(process.execPath, all, {
        stdio: ['ignore', 'ignore', 'pipe'],
        ...{ uid: SHIPPER, gid: SHIPPER },
      });
      started.stderr.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      child = started;
      ended = new Promise((resolve) => started.once('exit', resolve));
    },
    async end(signal: NodeJS.Signals): Promise<void> {
      child?.kill(signal);
      await ended;
    },
    output: () => output,
  };
}

test.each<RsyslogInput>(['unix datagram', 'unix stream', 'tls'])(
  'rsyslogd by %s has every record, in order and as it stands in the log, over restarts of both at random moments (A19)',
  async (input) => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-ship-'));
    chmodSync(folder, 0o755);
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const rsyslog = playRsyslog(join(folder, 'rsyslog'), input, TLS_PORT);
    const writer = await startWriter(folder);
    if (input === 'tls')
      for (const name of ['ca.pem', 'shipper.pem', 'shipper.key'])
        chownSync(join(folder, 'rsyslog', name), SHIPPER, SHIPPER);
    const ship = shipper(folder, ['--log', writer.path, '--address', rsyslog.address, ...rsyslog.options]);
    onTestFinished(() => ship.end('SIGKILL'));
    onTestFinished(() => rsyslog.end('SIGKILL'));
    await rsyslog.start();
    ship.start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const signal = signals[round % 2] ?? 'SIGKILL';
      await sleep(between(200, 2_000));
      await rsyslog.end(signal);
      await sleep(between(0, 1_000));
      await rsyslog.start();
      await sleep(between(200, 2_000));
      await ship.end(signal);
      await sleep(between(0, 500));
      ship.start();
    }
    const lines = await writer.stop();
    const giveUpAt = performance.now() + SHIPPED_WITHIN_MS;
    let result = judge(recordsOf(rsyslog.messages()), lines);
    while (result.missing.length > 0 && performance.now() < giveUpAt) {
      await sleep(500);
      result = judge(recordsOf(rsyslog.messages()), lines);
    }
    const { missing, outOfOrder, different, ...counts } = result;
    console.log(`rsyslogd by ${input}, ${ROUNDS} restarts of each: ${JSON.stringify(counts)}`);
    expect({ missing, outOfOrder, different, output: ship.output().includes('Error') }).toEqual({
      ...{ missing: [], outOfOrder: [], different: [], output: false },
    });
    expect(counts.written).toBeGreaterThan(ROUNDS * 100);
  },
);
