import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const RECEIVER = fileURLToPath(new URL('../../fixtures/datagram-receiver.py', import.meta.url));

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'driverctl-ship-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits until it is so; the test's own time limit is the end of its patience. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
}

export interface Datagram {
  readonly data: Buffer;
  readonly files: readonly Buffer[];
}

/** A process that receives datagrams. */
export interface DatagramReceiver {
  readonly received: readonly Datagram[];
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<unknown>;
}

/** @param loses plays an end of journald while it works on one, see datagram-receiver.py */
export async function receiveDatagrams(
  path: string,
  loses?: { readonly invocation: string; readonly number: number },
): Promise<DatagramReceiver> {
  rmSync(path, { force: true });
  const more = loses === undefined ? [] : [loses.invocation, String(loses.number)];
  const child: ChildProcess = spawn('python3', [RECEIVER, path, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const received: Datagram[] = [];
  const ready = Promise.withResolvers<void>();
  if (child.stdout === null) throw new Error('Cannot read the receiver: it has no standard output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { data, files }: { readonly data?: string; readonly files?: readonly string[] } = JSON.parse(line);
    if (data === undefined || files === undefined) return ready.resolve();
    const decode = (text: string): Buffer => Buffer.from(text, 'base64');
    received.push({ data: decode(data), files: files.map(decode) });
  });
  await ready.promise;
  return { received, ended, kill: (signal) => void child.kill(signal) };
}

/** A receiver of streams in this process. */
export interface StreamReceiver {
  /** What came over each connection, in the order in which they were made. */
  readonly connections: readonly { readonly socket: Socket; readonly bytes: () => Buffer }[];
  readonly port: number;
  close(): Promise<void>;
}

/** @param where the path of a socket, or how to speak TLS; `reads` false: connections are accepted and never read */
export async function receiveStreams(where: string | TlsOptions, reads = true): Promise<StreamReceiver> {
  const connections: { readonly socket: Socket; readonly bytes: () => Buffer }[] = [];
  const take = (socket: Socket): void => {
    const chunks: Buffer[] = [];
    if (reads) socket.on('data', (chunk: Buffer) => void chunks.push(chunk));
    socket.on('error', () => undefined);
    connections.push({ socket, bytes: () => Buffer.concat(chunks) });
  };
  const server: Server =
    typeof where === 'string' ? createServer({ pauseOnConnect: !reads }, take) : createTlsServer(where, take);
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => {
    if (typeof where === 'string') server.listen(where, resolve);
    else server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const close = async (): Promise<void> => {
    for (const { socket } of connections) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { connections, port, close };
}

/** The messages in a stream that counts octets; the last one may be cut. */
export function readFrames(bytes: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at);
    if (space === -1) break;
    const length = Number(bytes.toString('latin1', at, space));
    if (!Number.isInteger(length)) throw new Error(`Cannot read a frame: no count at ${at}`);
    const end = space + 1 + length;
    if (end > bytes.length) break;
    messages.push(bytes.toString('utf8', space + 1, end));
    at = end;
  }
  return messages;
}

/** The fields of an entry in the journal's native protocol, each with a length before its value. */
export function readEntry(bytes: Buffer): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf('\n', at);
    const length = Number(bytes.readBigUInt64LE(newline + 1));
    const from = newline + 9;
    if (bytes[from + length] !== 0x0a)
      throw new Error('Cannot read an entry: a value does not end where it says');
    fields.set(bytes.toString('latin1', at, newline), bytes.toString('utf8', from, from + length));
    at = from + length + 1;
  }
  return fields;
}
