import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { VolatileDisk } from './volatile-disk.ts';

/** Of the NBD protocol (github.com/NetworkBlockDevice/nbd, doc/proto.md), what qemu needs of it. */
const OPTION_MAGIC = 'IHAVEOPT';
const GREETING = Buffer.from(`NBDMAGIC${OPTION_MAGIC}`, 'latin1');
const ANSWER_MAGIC = 0x3e889045565a9n;
const FIXED_NEWSTYLE = 1 << 0;
const NO_ZEROES = 1 << 1;
const OPTIONS = { abort: 2, go: 7 } as const;
const ANSWERS = { acknowledged: 1, info: 3, unsupported: 2 ** 31 + 1 } as const;
const INFO_EXPORT = 0;
const HAS_FLAGS = 1 << 0;
const TAKES_FLUSH = 1 << 2;
const TAKES_FUA = 1 << 3;
const REQUEST_MAGIC = 0x25609513;
const REPLY_MAGIC = 0x67446698;
const COMMANDS = { read: 0, write: 1, disconnect: 2, flush: 3 } as const;
const FORCE_UNIT_ACCESS = 1 << 0;
const EINVAL = 22;
const OPTION_BYTES_MAXIMUM = 65_536;
const REQUEST_BYTES_MAXIMUM = 33_554_432;

/** Why a connection ends: the other side has gone, or speaks something else. */
class ConnectionEnded extends Error {}

/** Offers a disk at a Unix socket, to one client at a time. Once the disk is off nothing is answered any more. */
export async function serveDisk(path: string, disk: VolatileDisk): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    serve(socket, disk).catch((error: unknown) => {
      socket.destroy();
      if (!(error instanceof ConnectionEnded)) throw error;
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serve(socket: Socket, disk: VolatileDisk): Promise<void> {
  const take = takeFrom(socket);
  const greeting = Buffer.alloc(18);
  GREETING.copy(greeting);
  greeting.writeUInt16BE(FIXED_NEWSTYLE | NO_ZEROES, 16);
  socket.write(greeting);
  await take(4);
  if (!(await negotiate(socket, take, disk))) return void socket.end();
  while (await answer(socket, take, disk)) if (disk.isOff) return;
}

/** Until the client takes the disk; false where it does not. */
async function negotiate(socket: Socket, take: Take, disk: VolatileDisk): Promise<boolean> {
  for (;;) {
    const header = await take(16);
    const length = header.readUInt32BE(12);
    if (header.toString('latin1', 0, 8) !== OPTION_MAGIC || length > OPTION_BYTES_MAXIMUM)
      throw new ConnectionEnded();
    await take(length);
    const option = header.readUInt32BE(8);
    const reply = (kind: number, data: Buffer = Buffer.alloc(0)): void => {
      const start = Buffer.alloc(20);
      start.writeBigUInt64BE(ANSWER_MAGIC);
      start.writeUInt32BE(option, 8);
      start.writeUInt32BE(kind, 12);
      start.writeUInt32BE(data.length, 16);
      socket.write(Buffer.concat([start, data]));
    };
    if (option === OPTIONS.go) {
      reply(ANSWERS.info, describe(disk));
      reply(ANSWERS.acknowledged);
      return true;
    }
    reply(option === OPTIONS.abort ? ANSWERS.acknowledged : ANSWERS.unsupported);
    if (option === OPTIONS.abort) return false;
  }
}

function describe({ size }: VolatileDisk): Buffer {
  const info = Buffer.alloc(12);
  info.writeUInt16BE(INFO_EXPORT, 0);
  info.writeBigUInt64BE(BigInt(size), 2);
  info.writeUInt16BE(HAS_FLAGS | TAKES_FLUSH | TAKES_FUA, 10);
  return info;
}

/** One command after the other, so that a flush covers all that were answered before. False: the client takes leave. */
async function answer(socket: Socket, take: Take, disk: VolatileDisk): Promise<boolean> {
  const header = await take(28);
  const [flags, command] = [header.readUInt16BE(4), header.readUInt16BE(6)];
  const [offset, length] = [Number(header.readBigUInt64BE(16)), header.readUInt32BE(24)];
  if (header.readUInt32BE(0) !== REQUEST_MAGIC || length > REQUEST_BYTES_MAXIMUM) throw new ConnectionEnded();
  const written = command === COMMANDS.write ? await take(length) : Buffer.alloc(0);
  if (command === COMMANDS.disconnect) return false;
  if (disk.isOff) return true;
  const reply = Buffer.alloc(16);
  reply.writeUInt32BE(REPLY_MAGIC, 0);
  header.copy(reply, 8, 8, 16);
  try {
    const read = perform(disk, { command, offset, length, written, flags });
    socket.write(Buffer.concat([reply, read]));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    reply.writeUInt32BE(EINVAL, 4);
    socket.write(reply);
  }
  return true;
}

interface Command {
  readonly command: number;
  readonly flags: number;
  readonly offset: number;
  readonly length: number;
  readonly written: Buffer;
}

/** @throws RangeError where the disk cannot do that */
function perform(disk: VolatileDisk, { command, flags, offset, length, written }: Command): Buffer {
  if (command === COMMANDS.read) return disk.read(offset, length);
  if (command === COMMANDS.write) {
    disk.write(offset, written);
    if ((flags & FORCE_UNIT_ACCESS) !== 0) disk.flush();
  } else if (command === COMMANDS.flush) disk.flush();
  else throw new RangeError(`Cannot do command ${command}`);
  return Buffer.alloc(0);
}

/** Settles with so many bytes. @throws ConnectionEnded where they do not come */
type Take = (length: number) => Promise<Buffer>;

function takeFrom(socket: Socket): Take {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let isEnded = false;
  let wake: () => void = () => undefined;
  socket.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    buffered += chunk.length;
    wake();
  });
  socket.once('close', () => {
    isEnded = true;
    wake();
  });
  return async (length) => {
    while (buffered < length) {
      if (isEnded) throw new ConnectionEnded();
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const all = Buffer.concat(chunks);
    chunks = [all.subarray(length)];
    buffered -= length;
    return all.subarray(0, length);
  };
}
