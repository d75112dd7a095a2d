import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';
import { rounds } from '../../support/rounds.ts';
import { playRsyslog, type Rsyslog, type RsyslogInput } from '../../support/rsyslog.ts';
import { type Judgement, judge, logLines, recordsOf } from '../../support/shipped.ts';

/** Nobody's: what ships is neither root nor the log's owner, but of its group. */
const SHIPPER = 79_991;
const TLS_PORT = 26_514;
const ROUNDS = rounds('shipRestarts');
const SHIPPED_WITHIN_MS = 180_000;
const TEST_LIMIT_MS = 900_000;

const between = (low: number, high: number): number => low + Math.random() * (high - low);

/** The log's own writer in a process of its own, in a folder that only its owner and the shipper's group can read. */
function startWriter(folder: string) {
  const path = join(folder, 'log/audit.jsonl');
  const state = join(folder, 'state');
  mkdirSync(join(folder, 'log'));
  mkdirSync(state, { mode: 0o700 });
  chownSync(join(folder, 'log'), 0, SHIPPER);
  chmodSync(join(folder, 'log'), 0o2750);
  const program = join(ROOT, 'test/fixtures/write-records.ts');
  const child = spawn(process.execPath, [program, path, state], { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  onTestFinished(() => void child.kill('SIGKILL'));
  return {
    path,
    async stop(): Promise<string[]> {
      child.kill('SIGTERM');
      expect(await ended).toBe(0);
      return logLines(path);
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

/** A log that is written to, rsyslogd, and what ships from one to the other; none of them started but the writer. */
function lay(input: RsyslogInput, options: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-ship-'));
  chmodSync(folder, 0o755);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const rsyslog = playRsyslog(join(folder, 'rsyslog'), input, TLS_PORT);
  if (input === 'tls') chownSync(join(folder, 'rsyslog/shipper.key'), SHIPPER, SHIPPER);
  const writer = startWriter(folder);
  const ship = shipper(folder, [
    ...['--log', writer.path, '--address', rsyslog.address, ...rsyslog.options],
    ...options,
  ]);
  onTestFinished(() => ship.end('SIGKILL'));
  onTestFinished(() => rsyslog.end('SIGKILL'));
  return { rsyslog, writer, ship };
}

/** What rsyslogd has once nothing is missing, or no longer comes. */
async function judgeWhenDone(
  rsyslog: Rsyslog,
  lines: readonly string[],
  withinMs: number,
): Promise<Judgement> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const result = judge(recordsOf(rsyslog.messages()), lines);
    if (result.missing.length === 0 || performance.now() > giveUpAt) return result;
    await sleep(500);
  }
}

/** How a receiver ends: at once, in order, or after it has hung with what its kernel had acknowledged. */
const ends = ['killed', 'stopped', 'hung and killed'] as const;

test.each<RsyslogInput>(['unix datagram', 'unix stream', 'tls'])(
  'rsyslogd by %s has every record, in order and as it stands in the log, over restarts of both at random moments',
  async (input) => {
    const { rsyslog, writer, ship } = lay(input);
    /** Whoever is ended is at work. */
    async function whileShipping(): Promise<void> {
      const before = rsyslog.size();
      await expect.poll(rsyslog.size, { timeout: SHIPPED_WITHIN_MS }).toBeGreaterThan(before);
      await sleep(between(0, 1_500));
    }
    await rsyslog.start();
    ship.start();
    for (let round = 0; round < ROUNDS; round += 1) {
      const how = ends[round % ends.length];
      await whileShipping();
      if (how === 'hung and killed') {
        rsyslog.hang();
        await sleep(between(200, 2_000));
      }
      await rsyslog.end(how === 'stopped' ? 'SIGTERM' : 'SIGKILL');
      await sleep(between(0, 1_000));
      await rsyslog.start();
      await whileShipping();
      await ship.end(round % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
      await sleep(between(0, 500));
      ship.start();
    }
    const lines = await writer.stop();
    const { missing, outOfOrder, different, ...counts } = await judgeWhenDone(
      rsyslog,
      lines,
      SHIPPED_WITHIN_MS,
    );
    console.log(`rsyslogd by ${input}, ${ROUNDS} restarts of each: ${JSON.stringify(counts)}`);
    expect({ missing, outOfOrder, different }).toEqual({ missing: [], outOfOrder: [], different: [] });
    expect(counts.written).toBeGreaterThan(ROUNDS * 100);
    expect(counts.again).toBeGreaterThan(ROUNDS);
    // Nothing was missing in the log, nor was it another one: rotation and compression look like neither.
    const notices = ship
      .output()
      .split('\n')
      .filter((line) => !/^(?:driverctl: (?:Cannot ship|Shipping) to .*)?$/u.test(line));
    expect(notices).toEqual([]);
  },
  TEST_LIMIT_MS,
);

test.each([
  ['nothing sent again', ['--window', '0'], 'are lost (control)'],
  ['the window sent again', [], 'come again'],
] as const)(
  'with %s, records that the kernel of a hung rsyslogd had acknowledged %s',
  async (_, options, what) => {
    const { rsyslog, writer, ship } = lay('tls', options);
    await rsyslog.start();
    ship.start();
    await expect.poll(() => rsyslog.messages().length, { timeout: SHIPPED_WITHIN_MS }).toBeGreaterThan(10);
    rsyslog.hang();
    await sleep(3_000);
    await rsyslog.end('SIGKILL');
    await rsyslog.start();
    const lines = await writer.stop();
    const last = `seq="${lines.length}"`;
    await expect
      .poll(() => rsyslog.messages().some((text) => text.includes(last)), { timeout: SHIPPED_WITHIN_MS })
      .toBe(true);
    const { missing } = await judgeWhenDone(rsyslog, lines, 2_000);
    console.log(
      `of a hung and killed rsyslogd with ${options.join(' ') || 'the window'}: ${missing.length} missing`,
    );
    expect(missing.length > 0).toBe(what === 'are lost (control)');
  },
);
