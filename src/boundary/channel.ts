import type { Socket } from 'node:net';
import { createFrameReader, encodeFrames } from './frames.ts';
import { type MessageOf, messageReader, type Table } from './shape.ts';

export interface Channel<Outgoing> {
  send(message: Outgoing): void;
  /** Ends it from this side: nothing more is parsed or sent. */
  close(): void;
  /** Stops and resumes reading: backpressure for the other side. */
  pause(): void;
  resume(): void;
}

export interface ChannelOptions<Incoming extends Table> {
  readonly socket: Socket;
  /** Messages that may come in; anything else is `onBroken`. */
  readonly incoming: Incoming;
  readonly maximumFrameBytes: number;
  /** Most bytes that may wait to be read by the other side before `onBroken`. */
  readonly maximumQueuedBytes: number;
  /** @param bytes the length of its frame's body */
  onMessage(message: MessageOf<Incoming>, bytes: number): void;
  /** Whether what it sends in one turn of the event loop leaves behind what other channels send in it. */
  readonly leavesLast?: boolean;
  /** Called once: a bad frame, an unknown message, a queue over its limit, end-of-file or an error of the socket. */
  onBroken(why: string): void;
}

/** What a message that waits costs beside its bytes: small ones would otherwise fill memory far beyond the limit. */
const WAITING_MESSAGE_BYTES = 512;

/**
 * Messages that one turn of the event loop takes: what the first of many ask for is under way while the others are read, and
 * nothing else waits long for them.
 */
const MESSAGES_PER_TURN = 32;

/** One end of a stream pair between monitor and broker: frames of JSON, a closed table of messages each way. */
export function openChannel<Incoming extends Table, Outgoing extends { readonly type: string }>(
  options: ChannelOptions<Incoming>,
): Channel<Outgoing> {
  const { socket } = options;
  const messageOf = messageReader(options.incoming);
  let open = true;

  function broken(why: string): void {
    if (!open) return;
    close();
    options.onBroken(why);
  }

  function close(): void {
    open = false;
    socket.destroy();
  }

  const frames = createFrameReader(
    options.maximumFrameBytes,
    (body) => {
      const message = messageOf(body);
      if (message === null) broken('a message that is not in the table');
      else options.onMessage(message, body.length);
      return open;
    },
    broken,
  );
  /** Whether the other side is not to be read, by the owner's word, or until what it sent is looked at. */
  let isPaused = false;
  let isBehind = false;

  function read(): void {
    if (!open) return;
    isBehind = frames.read(MESSAGES_PER_TURN);
    flow();
    if (isBehind) setImmediate(read);
  }

  function flow(): void {
    if (isPaused || isBehind) socket.pause();
    else if (socket.isPaused()) socket.resume();
  }

  socket.on('data', (chunk: Buffer) => {
    frames.push(chunk);
    if (!isBehind) read();
  });
  socket.on('end', () => broken('end-of-file'));
  socket.on('error', (error) => broken(error.message));
  socket.on('close', () => broken('closed'));

  // Messages of one turn of the event loop leave in one write. A tick comes when no microtask is left (nodejs.org, "The Node.js
  // Event Loop").
  const whenTurnEnds = options.leavesLast === true ? process.nextTick : queueMicrotask;
  let bodies: string[] = [];
  let bytes = 0;
  let waiting = 0;

  function leave(): void {
    const count = bodies.length;
    const frames = encodeFrames(bodies, bytes);
    bodies = [];
    bytes = 0;
    if (!open) return;
    socket.write(frames, () => {
      waiting -= count;
    });
    judgeQueue();
  }

  function judgeQueue(): void {
    if (socket.writableLength + bytes + waiting * WAITING_MESSAGE_BYTES > options.maximumQueuedBytes)
      broken('it does not read what it is sent');
  }

  return {
    send(message) {
      if (!open) return;
      const body = JSON.stringify(message);
      if (bodies.length === 0) whenTurnEnds(leave);
      bodies.push(body);
      bytes += Buffer.byteLength(body);
      waiting += 1;
      judgeQueue();
    },
    close,
    pause() {
      isPaused = true;
      flow();
    },
    resume() {
      isPaused = false;
      flow();
    },
  };
}
