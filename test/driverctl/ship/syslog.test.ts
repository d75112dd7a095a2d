import { readFileSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../../src/driverctl/failure.ts';
import type { TlsTrust } from '../../../src/driverctl/ship/connect-stream.ts';
import { readSyslogAddress } from '../../../src/driverctl/ship/syslog-address.ts';
import { syslogSink } from '../../../src/driverctl/ship/syslog-sink.ts';
import { makeCertificates } from '../../support/certificates.ts';
import { recordsOf } from '../../support/shipped.ts';
import { playLog } from '../audit/played-log.ts';
import { readFrames, receiveDatagrams, receiveStreams, temporaryFolder, until } from './played-receiver.ts';
import { ship } from './played-shipper.ts';

const NO_TLS: TlsTrust = { authorities: null, serverName: null, own: null };
const WINDOW = 1_000_000;
const unix = (path: string) => ({ kind: 'unix', path }) as const;
const sequence = (bytes: Buffer): number[] => recordsOf(readFrames(bytes)).map(({ seq }) => seq);
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('shipping to a Unix stream', () => {
  test('frames each record, and after a break sends again what the window holds', async () => {
    const log = playLog();
    const path = join(log.folder, 'socket');
    const receiver = await receiveStreams(path);
    const lines = log.addMany(10);
    const shipper = await ship(log, syslogSink(unix(path), WINDOW, NO_TLS));
    const at = (index: number): Buffer => receiver.connections[index]?.bytes() ?? Buffer.alloc(0);
    await until(() => sequence(at(0)).length === 10);
    expect(recordsOf(readFrames(at(0))).map(({ line }) => line)).toEqual(lines);
    receiver.connections[0]?.socket.destroy();
    log.addMany(5);
    await until(() => sequence(at(1)).includes(15));
    expect(sequence(at(1))).toEqual(range(1, 15));
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ taken: null, sent: { seq: 15 } });
  });

  test('takes as the receiver’s what lies further back than the window, and begins behind it the next time', async () => {
    const log = playLog();
    const path = join(log.folder, 'socket');
    const position = join(log.folder, 'position');
    const receiver = await receiveStreams(path);
    const at = (index: number): Buffer => receiver.connections[index]?.bytes() ?? Buffer.alloc(0);
    const sink = () => syslogSink(unix(path), 10_000, NO_TLS);
    log.addMany(200);
    const first = await ship(log, sink(), position);
    await until(() => sequence(at(0)).includes(200));
    await first.stop();
    const { taken } = first.position();
    const perRecord = at(0).length / 200;
    expect(taken?.seq).toBeGreaterThan(200 - 10_000 / perRecord - 3);
    expect(taken?.seq).toBeLessThan(200 - 10_000 / perRecord + 1);
    const second = await ship(log, sink(), position);
    await until(() => sequence(at(1)).includes(200));
    expect(sequence(at(1))).toEqual(range((taken?.seq ?? 0) + 1, 200));
    await second.stop();
  });

  test('does not take what a receiver had not read when it ended, also without a window', async () => {
    const log = playLog();
    const path = join(log.folder, 'socket');
    const first = await receiveStreams(path, false);
    log.addMany(20);
    const shipper = await ship(log, syslogSink(unix(path), 0, NO_TLS));
    await until(() => first.connections.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 600));
    await first.close();
    const second = await receiveStreams(path);
    await until(() => sequence(second.connections[0]?.bytes() ?? Buffer.alloc(0)).includes(20));
    expect(sequence(second.connections[0]?.bytes() ?? Buffer.alloc(0))).toEqual(range(1, 20));
    await shipper.stop();
    expect(shipper.position()).toMatchObject({ taken: { seq: 20 } });
  });

  test('reads no further in the log than a receiver that does not read lets it, and takes nothing as received', async () => {
    const log = playLog();
    const path = join(log.folder, 'socket');
    const receiver = await receiveStreams(path, false);
    log.addMany(20_000);
    const sink = syslogSink(unix(path), 0, NO_TLS);
    let connection: Awaited<ReturnType<typeof sink.connect>> | undefined;
    const shipper = await ship(log, {
      ...sink,
      connect: async (signal) => {
        connection = await sink.connect(signal);
        return connection;
      },
    });
    await until(() => receiver.connections.length === 1);
    let before = -1;
    while (connection === undefined || connection.sent !== before) {
      before = connection?.sent ?? -1;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const { size } = statSync(log.path);
    expect(connection.sent).toBeGreaterThan(0);
    expect(connection.sent).toBeLessThan(size / 4);
    // The kernel counts more than the bytes of what waits in the socket, never less.
    expect(connection.received()).toBeLessThan(connection.sent / 2);
    await shipper.stop();
  });
});

describe('shipping to a Unix datagram socket', () => {
  test('is found out by itself, and goes on with the window over the next socket of that name', async () => {
    const log = playLog();
    const path = join(log.folder, 'socket');
    const first = await receiveDatagrams(path);
    const messages = (receiver: typeof first) =>
      recordsOf(receiver.received.map(({ data }) => data.toString()));
    const lines = log.addMany(5);
    const shipper = await ship(log, syslogSink(unix(path), WINDOW, NO_TLS));
    await until(() => messages(first).length === 5);
    expect(messages(first).map(({ line }) => line)).toEqual(lines);
    first.kill('SIGKILL');
    await first.ended;
    // Nothing is sent meanwhile: the file in its place is what tells.
    const second = await receiveDatagrams(path);
    await until(() => messages(second).length === 5);
    expect(shipper.reports[0]).toMatch(/^Cannot ship to .*socket: .*; trying again$/);
    await shipper.stop();
  });
});

describe('shipping over TLS', () => {
  const certificates = () => makeCertificates(temporaryFolder());
  const server = (made: ReturnType<typeof certificates>, name: 'server' | 'client' = 'server') => ({
    cert: readFileSync(`${made[name]}.pem`),
    key: readFileSync(`${made[name]}.key`),
  });
  const trustOf = (made: ReturnType<typeof certificates>): TlsTrust => ({
    authorities: readFileSync(made.authority),
    serverName: 'receiver.example',
    own: null,
  });
  const to = (port: number) => ({ kind: 'tls', host: '127.0.0.1', port }) as const;

  test('reaches a receiver that its authority vouches for, and shows who it is where it is asked', async () => {
    const made = certificates();
    const receiver = await receiveStreams({
      ...server(made),
      ...{ requestCert: true, rejectUnauthorized: true, ca: readFileSync(made.authority) },
    });
    const log = playLog();
    log.addMany(50);
    const own = { certificate: readFileSync(`${made.client}.pem`), key: readFileSync(`${made.client}.key`) };
    const shipper = await ship(log, syslogSink(to(receiver.port), WINDOW, { ...trustOf(made), own }));
    await until(() => sequence(receiver.connections[0]?.bytes() ?? Buffer.alloc(0)).length === 50);
    let ended = '';
    receiver.connections[0]?.socket.once('end', () => {
      ended = 'with close_notify';
    });
    await shipper.stop();
    await until(() => ended !== '');
    expect(shipper.position()).toMatchObject({ taken: null, sent: { seq: 50 } });
  });

  test.each([
    ['another name in its certificate', 'client', trustOf, /receiver\.example|ALTNAME/],
    [
      'a certificate of an authority that was not named',
      'server',
      () => trustOf(certificates()),
      /SELF_SIGNED|UNABLE_TO/,
    ],
    ['a certificate of nobody’s that Node knows', 'server', () => NO_TLS, /SELF_SIGNED|UNABLE_TO|ALTNAME/],
  ] as const)('sends nothing to a receiver with %s', async (_, name, trust, why) => {
    const made = certificates();
    const receiver = await receiveStreams(server(made, name));
    const log = playLog();
    log.addMany(5);
    const shipper = await ship(log, syslogSink(to(receiver.port), WINDOW, trust(made)));
    await until(() => shipper.reports.length > 0);
    expect(shipper.reports[0]).toMatch(why);
    expect(receiver.connections.map(({ bytes }) => bytes().length).every((length) => length === 0)).toBe(
      true,
    );
    await shipper.stop();
    expect(shipper.position()).toEqual({ version: 1, taken: null, sent: null, missed: 0 });
  });

  test('sends nothing to a receiver that speaks no TLS', async () => {
    const chunks: Buffer[] = [];
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
      socket.write('220 welcome\r\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void plain.close());
    const { port } = plain.address() as AddressInfo;
    const log = playLog();
    log.addMany(5);
    const shipper = await ship(log, syslogSink(to(port), WINDOW, NO_TLS));
    await until(() => shipper.reports.length > 0);
    // The hello of TLS, and nothing of the log.
    expect(Buffer.concat(chunks)[0]).toBe(0x16);
    expect(Buffer.concat(chunks).includes('driverd')).toBe(false);
  });
});

describe('an address', () => {
  test.each([
    ['/dev/log', { kind: 'unix', path: '/dev/log' }],
    ['logs.example.org:10514', { kind: 'tls', host: 'logs.example.org', port: 10_514 }],
    ['192.0.2.1', { kind: 'tls', host: '192.0.2.1', port: 6514 }],
    ['[2001:db8::1]:10514', { kind: 'tls', host: '2001:db8::1', port: 10_514 }],
  ])('is read: %s', (text, address) => {
    expect(readSyslogAddress(text)).toEqual(address);
  });

  test.each([
    '',
    'dev/log',
    'host:0',
    'host:70000',
    'host:x',
    '2001:db8::1',
    '[host]:1',
    'tls://host',
    'a b',
  ])('that could be taken for another is refused: "%s"', (text) => {
    expect(() => readSyslogAddress(text)).toThrow(Failure);
  });
});
