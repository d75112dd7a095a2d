import { connect, type Socket } from 'node:net';
import type { Message } from './client.ts';

/** A stream as a caller hears it. */
export interface HeardStream {
  /** All chunks together. */
  readonly bytes: Buffer;
  readonly lines: readonly string[];
  readonly chunks: number;
  readonly reply: Message;
}

/** The bytes of one chunk. */
export function bytesOf(data: unknown): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return Buffer.from((data as { base64: string }).base64, 'base64');
}

/** Calls a method that streams on a connection of its own; rejects where a chunk is missing or comes behind the reply. */
export async function callStream(path: string, method: string, params: object = {}): Promise<HeardStream> {
  const socket = connect(path);
  const [parts, lines]: [Buffer[], string[]] = [[], []];
  let next = 0;
  try {
    const reply = await callOn(socket, method, params, (message) => {
      const { progressToken, sequence, data, lines: some } = message.params ?? {};
      if (message.method !== 'rpc.chunk') return;
      if (progressToken !== 'token' || sequence !== next)
        throw new Error(`Cannot hear the stream: chunk ${String(sequence)} came in place of ${next}`);
      next += 1;
      if (data !== undefined) parts.push(bytesOf(data));
      if (Array.isArray(some)) lines.push(...some);
    });
    return { bytes: Buffer.concat(parts), lines, chunks: next, reply };
  } finally {
    socket.destroy();
  }
}

/** Sends a call with the progress token `token`; settles with its reply. */
export function callOn(
  socket: Socket,
  method: string,
  params: object,
  notified: (message: Message) => void,
): Promise<Message> {
  return new Promise((resolve, reject) => {
    let rest: Buffer[] = [];
    function take(line: Buffer): void {
      const message: Message = JSON.parse(line.toString());
      if (message.id === undefined) notified(message);
      else resolve(message);
    }
    socket.on('data', (chunk: Buffer) => {
      try {
        let start = 0;
        for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
          rest.push(chunk.subarray(start, end));
          take(Buffer.concat(rest));
          rest = [];
          start = end + 1;
        }
        rest.push(chunk.subarray(start));
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('Cannot hear the daemon: it closed the connection')));
    const request = {
      jsonrpc: '2.0',
      id: 1,
      method,
      params: { ...params, _meta: { progressToken: 'token' } },
    };
    socket.write(`${JSON.stringify(request)}\n`);
  });
}
