import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { journaldSink } from '../../../src/driverctl/ship/journald-sink.ts';
import { recordShipment } from '../../../src/driverctl/ship/shipment.ts';
import { NO_HASH } from '../../../src/shared/audit/record.ts';
import { playLog } from '../audit/played-log.ts';
import {
  type DatagramReceiver,
  readEntry,
  receiveDatagrams,
  temporaryFolder,
  until,
} from './played-receiver.ts';
import { ship } from './played-shipper.ts';

const same = (): string => 'first';

/** The numbers of the records among datagrams. */
function numbers({ received }: DatagramReceiver): number[] {
  return received.flatMap(({ data }) =>
    data.length === 0 ? [] : [Number(readEntry(data).get('DRIVERD_SEQ'))],
  );
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('shipping to the journal’s socket', () => {
  test('gives it each record as an entry, and those written later', async () => {
    const log = playLog();
    const socket = join(log.folder, 'socket');
    const receiver = await receiveDatagrams(socket);
    const lines = log.addMany(3);
    const shipper = await ship(log, journaldSink({ socket, invocation: same }));
    await until(() => numbers(receiver).length === 3);
    lines.push(...log.addMany(2));
    await until(() => numbers(receiver).length === 5);
    expect(numbers(receiver)).toEqual([1, 2, 3, 4, 5]);
    const records = receiver.received.filter(({ data }) => data.length > 0);
    expect(records.map(({ data }) => readEntry(data).get('DRIVERD_RECORD'))).toEqual(lines);
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ taken: { seq: 5 }, sent: { seq: 5 }, missed: 0 });
    expect(shipper.reports).toEqual([]);
  });

  test('sends nothing behind an entry before that one is stored: what journald had in its hands when it ended comes again, in order', async () => {
    const log = playLog();
    const socket = join(log.folder, 'socket');
    const invocation = join(log.folder, 'invocation');
    writeFileSync(invocation, 'first');
    const receiver = await receiveDatagrams(socket, { invocation, number: 4 });
    log.addMany(8);
    await ship(log, journaldSink({ socket, invocation: () => readFileSync(invocation, 'utf8') }));
    await until(() => numbers(receiver).includes(8));
    expect(numbers(receiver)).toEqual(range(1, 8));
  });

  test('would lose that entry, did it not look whether journald is the same (control)', async () => {
    const log = playLog();
    const socket = join(log.folder, 'socket');
    const receiver = await receiveDatagrams(socket, {
      invocation: join(log.folder, 'invocation'),
      number: 4,
    });
    log.addMany(8);
    await ship(log, journaldSink({ socket, invocation: same }));
    await until(() => numbers(receiver).includes(8));
    expect(numbers(receiver)).toEqual([1, 2, 3, 5, 6, 7, 8]);
  });

  test('waits for a journald that does not read, and takes nothing as stored meanwhile', async () => {
    const log = playLog();
    const socket = join(log.folder, 'socket');
    const receiver = await receiveDatagrams(socket);
    receiver.kill('SIGSTOP');
    log.addMany(3);
    const shipper = await ship(log, journaldSink({ socket, invocation: same }));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(shipper.position()).toMatchObject({ taken: null, sent: null });
    receiver.kill('SIGCONT');
    await until(() => numbers(receiver).length >= 3);
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ taken: { seq: 3 } });
  });

  test('can be stopped while journald does not read', async () => {
    const log = playLog();
    const socket = join(log.folder, 'socket');
    const receiver = await receiveDatagrams(socket);
    receiver.kill('SIGSTOP');
    log.addMany(3);
    const shipper = await ship(log, journaldSink({ socket, invocation: same }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ taken: null, sent: null });
  });

  test('goes on over a new socket, with what the old one took into its grave', async () => {
    const log = playLog();
    const socket = join(log.folder, 'socket');
    const first = await receiveDatagrams(socket);
    log.addMany(3);
    const shipper = await ship(log, journaldSink({ socket, invocation: same }));
    await until(() => numbers(first).length === 3);
    // The fourth waits in a socket that nobody will read.
    first.kill('SIGSTOP');
    log.addMany(1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    first.kill('SIGKILL');
    await first.ended;
    rmSync(socket);
    await until(() => shipper.reports.length > 0);
    const second = await receiveDatagrams(socket);
    log.addMany(1);
    await until(() => numbers(second).includes(5));
    expect(numbers(second)).toEqual([4, 5]);
    await until(() => shipper.reports.includes('Shipping to journald again'));
    expect(shipper.reports.at(0)).toMatch(/^Cannot ship to journald: .*; trying again$/);
  });

  test('passes an entry that no datagram can hold as a sealed file', async () => {
    const socket = join(temporaryFolder(), 'socket');
    const receiver = await receiveDatagrams(socket);
    const connection = await journaldSink({ socket, invocation: same }).connect(new AbortController().signal);
    const line = Buffer.alloc(1_048_576, 'x');
    await connection.send(recordShipment(line, { seq: 1, event: 'denied', hash: NO_HASH }));
    await until(() => receiver.received.some(({ files }) => files.length > 0));
    const [datagram] = receiver.received;
    expect(datagram?.data.length).toBe(0);
    expect(readEntry(datagram?.files[0] ?? Buffer.alloc(0)).get('DRIVERD_RECORD')).toBe(line.toString());
    connection.abandon();
  });
});
