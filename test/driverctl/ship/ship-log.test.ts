import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Shipment } from '../../../src/driverctl/ship/shipment.ts';
import { type Sink, SinkEnded, SinkLost } from '../../../src/driverctl/ship/sink.ts';
import { stdoutSink } from '../../../src/driverctl/ship/stdout-sink.ts';
import { openAuditLog } from '../../../src/monitor/audit/log.ts';
import { makePipe } from '../../../src/posix/pipes.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';
import { startAppendingThread } from '../../support/appending-thread.ts';
import { patience } from '../../support/patience.ts';
import { logLines } from '../../support/shipped.ts';
import { playLog } from '../audit/played-log.ts';
import { temporaryFolder, until } from './played-receiver.ts';
import { ship } from './played-shipper.ts';

/** For what syncs the disk many times. */
const TEST_LIMIT_MS = 120_000 * patience;

/** A sink in memory, of messages one byte long each; `limit` messages may be sent over each connection. */
function memorySink(options: { readonly window?: number; readonly limits?: readonly number[] } = {}) {
  const messages: Shipment[] = [];
  const limits = [...(options.limits ?? [])];
  const sink: Sink = {
    name: 'a test',
    async connect() {
      const limit = limits.shift() ?? Number.POSITIVE_INFINITY;
      let sent = 0;
      return {
        window: options.window ?? 0,
        get sent() {
          return sent;
        },
        received: () => sent,
        async send(message) {
          if (sent === limit) throw new SinkLost('Cannot ship to a test: it ended');
          sent += 1;
          messages.push(message);
        },
        flush: async () => undefined,
        probe: () => undefined,
        close: async () => undefined,
        abandon: () => undefined,
      };
    },
  };
  const words = (): string[] =>
    messages.map(({ isRecord, event, fields, line }) => {
      const value = (name: string): string => fields.find(([known]) => known === name)?.[1] ?? '';
      if (isRecord) return value('seq');
      return event === 'not-shipped'
        ? `missing ${value('from')}-${value('to')}`
        : `${event} ${line.length > 0}`;
    });
  return { sink, words };
}

const range = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('shipping', () => {
  test('goes on behind what was taken, across rotation and compression, after a stop', async () => {
    const log = playLog();
    const position = join(log.folder, 'position');
    const { sink, words } = memorySink();
    log.addMany(3);
    const first = await ship(log, sink, position);
    await until(() => words().length === 3);
    await first.stop();
    log.addMany(2);
    const closed = log.rotate();
    log.addMany(2);
    log.compress(closed);
    const second = await ship(log, sink, position);
    await until(() => words().length === 7);
    log.rotate();
    log.addMany(1);
    await until(() => words().length === 8);
    expect(words()).toEqual(range(1, 8));
    await second.stop();
    expect(second.position()).toMatchObject({ taken: { seq: 8 }, missed: 0 });
  });

  test('tells the sink and whoever runs it how many records retention took first, once, and keeps the count', async () => {
    const log = playLog();
    const position = join(log.folder, 'position');
    const { sink, words } = memorySink();
    log.addMany(4);
    const first = await ship(log, sink, position);
    await until(() => words().length === 4);
    await first.stop();
    log.addMany(6);
    const one = log.rotate();
    log.addMany(10);
    const two = log.rotate();
    log.addMany(5);
    log.compress(one);
    log.remove(`${one}.gz`);
    log.remove(two);
    const second = await ship(log, sink, position);
    await until(() => words().length === 10);
    expect(words().slice(4)).toEqual(['missing 5-20', ...range(21, 25)]);
    expect(second.reports).toEqual(['16 records (5 to 20) were removed from the log before being shipped']);
    await second.stop();
    expect(second.position()).toMatchObject({ taken: { seq: 25 }, missed: 16 });
    const third = await ship(log, sink, position);
    log.addMany(1);
    await until(() => words().length === 11);
    await third.stop();
    expect(third.reports).toEqual([]);
    expect(third.position()).toMatchObject({ missed: 16 });
  });

  test('counts as missing what was removed before it ever began', async () => {
    const log = playLog();
    log.addMany(7);
    const closed = log.rotate();
    log.addMany(2);
    log.remove(closed);
    const { sink, words } = memorySink();
    const shipper = await ship(log, sink);
    await until(() => words().length === 3);
    expect(words()).toEqual(['missing 1-7', '8', '9']);
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ missed: 7 });
  });

  test('does not count as missing what had been sent and can only not be sent again', async () => {
    const log = playLog();
    const position = join(log.folder, 'position');
    const { sink, words } = memorySink({ window: 8 });
    log.addMany(10);
    const first = await ship(log, sink, position);
    await until(() => words().length === 10);
    await first.stop();
    expect(first.position()).toMatchObject({ taken: { seq: 2 }, sent: { seq: 10 } });
    log.addMany(3);
    const closed = log.rotate();
    log.addMany(2);
    log.remove(closed);
    const second = await ship(log, sink, position);
    await until(() => words().length === 13);
    expect(words().slice(10)).toEqual(['missing 11-13', '14', '15']);
    await second.stop();
    expect(second.position()).toMatchObject({ missed: 3 });
  });

  test('sends again over the next connection what the one before had not taken, and says once that it is gone and once that it is back', async () => {
    const log = playLog();
    const { sink, words } = memorySink({ window: 3, limits: [5, 0, 0, 6] });
    log.addMany(8);
    const shipper = await ship(log, sink);
    await until(() => words().at(-1) === '8');
    expect(words()).toEqual([...range(1, 5), ...range(3, 8)]);
    log.addMany(1);
    await until(() => words().at(-1) === '9');
    expect(words().slice(11)).toEqual(range(6, 9));
    const [gone, back] = ['Cannot ship to a test: it ended; trying again', 'Shipping to a test again'];
    expect(shipper.reports.slice(0, 2)).toEqual([gone, back]);
  });

  test('says that the log has become another one, and ships that', async () => {
    const log = playLog();
    const { sink, words } = memorySink();
    log.addMany(5);
    const shipper = await ship(log, sink);
    await until(() => words().length === 5);
    log.beginAnew();
    log.addMany(2);
    await until(() => words().length >= 8);
    expect(words().slice(5)).toEqual(['log-changed true', '1', '2']);
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ taken: { seq: 2 }, sent: { seq: 2 } });
  });

  test('says once that lines one behind the other are no records, and goes on behind them', async () => {
    const log = playLog();
    const { sink, words } = memorySink();
    log.addMany(1);
    log.addBytes('torn\nand more\n');
    log.addMany(1);
    const shipper = await ship(log, sink);
    await until(() => words().length === 3);
    expect(words()).toEqual(['1', 'no-record true', '2']);
    expect(shipper.reports).toEqual(['2 lines in the log are no records (12 bytes)']);
  });

  test('waits for a log that is not there yet', async () => {
    const log = playLog();
    rmSync(log.path);
    const { sink, words } = memorySink();
    await ship(log, sink);
    await new Promise((resolve) => setTimeout(resolve, 300));
    writeFileSync(log.path, '');
    log.addMany(1);
    await until(() => words().length === 1);
  });

  test('fails where the log cannot be read, but not at once: a file that was just made may be closed to its group yet', async () => {
    const log = playLog();
    log.addMany(2);
    const closed = log.rotate();
    log.addMany(1);
    renameSync(log.path, `${log.path}.kept`);
    // What cannot be read, for root neither.
    mkdirSync(log.path);
    const { sink, words } = memorySink();
    const shipper = await ship(log, sink);
    await until(() => words().length === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    rmSync(log.path, { recursive: true });
    renameSync(`${log.path}.kept`, log.path);
    await until(() => words().length === 3);
    await shipper.stop();
    expect(words()).toEqual(['1', '2', '3']);
    rmSync(closed);
    rmSync(log.path);
    mkdirSync(log.path);
    const failing = await ship(log, sink);
    await expect(failing.ended).rejects.toThrow(/^Cannot read the audit log .*: it is not a regular file$/);
  });

  test('goes on while its position cannot be written, and says so', async () => {
    const log = playLog();
    const folder = temporaryFolder();
    const { sink, words } = memorySink();
    const shipper = await ship(log, sink, join(folder, 'position'));
    rmSync(folder, { recursive: true, force: true });
    log.addMany(2);
    await until(() => shipper.reports.length > 0);
    expect(words()).toEqual(['1', '2']);
    expect(shipper.reports[0]).toMatch(/^Cannot write the position: .*; trying again$/);
  });
});

test(
  'of a log that its own writer rotates, compresses and cuts back, exactly the records that were removed are missing',
  async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'log/audit.jsonl');
    for (const name of ['log', 'state']) mkdirSync(join(folder, name), { mode: 0o700 });
    const settings =
      'version: 1\naudit: { rotate_bytes: 20000, retention: { max_bytes: 65536, min_days: 0 } }\n';
    const { audit } = parseSettings('driverd.yaml', Buffer.from(settings));
    const log = await openAuditLog({
      ...{ path, stateFolder: join(folder, 'state'), settings: () => audit },
      appender: startAppendingThread(path),
    });
    const append = (session: number): Promise<unknown> =>
      log.append('call-end', { session }, { said: randomBytes(200).toString('hex') }, false);
    async function write(bursts: number): Promise<void> {
      for (let burst = 0; burst < bursts; burst += 1)
        await Promise.all(Array.from({ length: 20 }, (_, session) => append(session)));
    }
    const { sink, words } = memorySink();
    const position = join(folder, 'position');
    await write(3);
    const first = await ship({ path, folder }, sink, position);
    await until(() => words().length >= 60);
    await first.stop();
    const shipped = words().length;

    await write(20);
    // Compressed one after the other, and only then looked at by their age and size.
    await expect
      .poll(() => readdirSync(join(folder, 'log')).length, { timeout: TEST_LIMIT_MS / 2 })
      .toBeLessThan(10);
    await log.close();
    const text = (await logLines(path)).join('\n');
    const lastRemoved = Math.max(
      ...[...text.matchAll(/"event":"retention".*?"last_seq":(\d+),"last_hash"/g)].map(([, seq]) =>
        Number(seq),
      ),
    );
    expect(lastRemoved).toBeGreaterThan(shipped + 100);
    const kept = (await logLines(path)).map((line) => String(JSON.parse(line).seq));
    expect(kept[0]).toBe(String(lastRemoved + 1));
    const second = await ship({ path, folder }, sink, position);
    await until(() => words().at(-1) === kept.at(-1));
    expect(words().slice(shipped)).toEqual([`missing ${shipped + 1}-${lastRemoved}`, ...kept]);
    await second.stop();
    expect(second.position()).toMatchObject({ missed: lastRemoved - shipped });
  },
  TEST_LIMIT_MS,
);

describe('shipping to standard output', () => {
  test('gives the lines as they stand, takes what its reader has read, and ends where the reader has gone', async () => {
    const log = playLog();
    const pipe = makePipe();
    const lines = log.addMany(2_000);
    const shipper = await ship(log, stdoutSink(pipe.write.number));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    // A pipe holds 64 KiB; nobody has read any of it.
    expect(shipper.position()).toMatchObject({ taken: null });
    const reader = spawn('head', ['--lines', '500'], { stdio: [pipe.read.number, 'pipe', 'inherit'] });
    pipe.read.close();
    const chunks: Buffer[] = [];
    reader.stdout?.on('data', (chunk: Buffer) => void chunks.push(chunk));
    await shipper.ended;
    const printed = Buffer.concat(chunks).toString().split('\n').slice(0, -1);
    expect(printed).toEqual(lines.slice(0, 500));
    const { taken } = shipper.position();
    expect(taken?.seq).toBeGreaterThanOrEqual(500);
    // What the reader had taken into its own memory it had read; what stood in the pipe it had not.
    expect(taken?.seq).toBeLessThan(800);
    expect(shipper.reports).toEqual([]);
    pipe.write.close();
  });

  test('into a file takes what is written', async () => {
    const log = playLog();
    const lines = log.addMany(10);
    const path = join(log.folder, 'copy');
    const file = openSync(path, 'w');
    const shipper = await ship(log, stdoutSink(file));
    await until(() => readFileSync(path, 'utf8').split('\n').length > 10);
    await shipper.stop();
    closeSync(file);
    expect(readFileSync(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
    expect(shipper.position()).toMatchObject({ taken: { seq: 10 } });
  });

  test('ends without a word where the reader has gone before anything is written', async () => {
    const log = playLog();
    const pipe = makePipe();
    pipe.read.close();
    const connection = await stdoutSink(pipe.write.number).connect(new AbortController().signal);
    expect(() => connection.probe()).toThrow(SinkEnded);
    const shipper = await ship(log, stdoutSink(pipe.write.number));
    await shipper.ended;
    expect(shipper.position()).toMatchObject({ taken: null, sent: null });
    pipe.write.close();
  });
});
