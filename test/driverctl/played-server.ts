import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/shared/json-value.ts';

/** A server that a test plays: what it got, and where it listens. */
export interface PlayedServer {
  readonly path: string;
  readonly folder: string;
  readonly requests: (JsonObject & { readonly id: number; readonly method: string })[];
  close(): Promise<void>;
}

export type Play = (request: PlayedServer['requests'][number], socket: Socket) => void;

/** Listens in a new folder of mode 0700 and hands each line it gets to `play`. */
export async function playServer(play: Play): Promise<PlayedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'driverctl-'));
  const path = join(folder, 'driverd.sock');
  const requests: PlayedServer['requests'] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString();
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const request = JSON.parse(line);
        requests.push(request);
        play(request, socket);
      }
    });
    // A client that ends early is what many of these tests are about.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    folder,
    requests,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
}

/** Sends one message as a line. */
export function say(socket: Socket, message: unknown): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** A method of an OpenRPC document as the daemon writes it. */
export function describedMethod(
  name: string,
  details: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    name,
    summary: 'Bytes and inodes',
    description: 'How full a file system is.',
    params: [{ name: 'path', required: true, schema: { type: 'string', description: 'What to measure' } }],
    paramStructure: 'by-name',
    result: { name: 'result', schema: { type: 'object' } },
    errors: [],
    'x-driverd': { kind: 'jsonrpc', destructive: false, idempotent: true, tags: ['storage'], stdin: null },
    ...details,
  };
}

/** A play that knows the methods given and answers each other call by `answer`. */
export function playDaemon(methods: readonly Record<string, unknown>[], answer: Play): Play {
  return (request, socket) => {
    if (request.method !== 'rpc.discover') return answer(request, socket);
    say(socket, { jsonrpc: '2.0', id: request.id, result: { openrpc: '1.3.2', info: {}, methods } });
  };
}

/** An error as the daemon writes it. */
export function daemonError(
  reason: string,
  code: number,
  data: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    code,
    message: 'Cannot do it: reasons',
    data: { request_id: 'r-1', reason, retryable: false, ...data },
  };
}
