import type { Socket } from 'node:net';
import { createFrameReader, encodeFrame } from './frames.ts';
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
  /** Called once: a bad frame, an unknown message, a queue over its limit, end-of-file or an error of the socket. */
  onBroken(why: string): void;
}

/** What a message that waits costs beside its bytes: small ones would otherwise fill memory far beyond the limit. */
const WAITING_MESSAGE_BYTES = 512;

/** One end of a stream pair between monitor and broker: frames of JSON, a closed table of messages each way. */
export function openChannel<Incoming extends Table, Outgoing extends { readonly type: string }>(
  options: ChannelOptions<Incoming>,
): Channel<Outgoing> {
  const { socket } = options;
  const read = messageReader(options.incoming);
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
      const message = read(body);
      if (message === null) broken('a message that is not in the table');
      else options.onMessage(message, body.length);
      return open;
    },
    broken,
  );
  socket.on('data', (chunk: Buffer) => {
    frames.push(chunk);
  });
  socket.on('end', () => broken('end-of-file'));
  socket.on('error', (error) => broken(error.message));
  socket.on('close', () => broken('closed'));

  // Frames of one turn of the event loop leave in one write.
  let corked = false;
  let waiting = 0;
  const written = (): void => {
    waiting -= 1;
  };
  return {
    send(message) {
      if (!open) return;
      if (!corked) {
        corked = true;
        socket.cork();
        queueMicrotask(() => {
          corked = false;
          socket.uncork();
        });
      }
      waiting += 1;
      socket.write(encodeFrame(JSON.stringify(message)), written);
      if (socket.writableLength + waiting * WAITING_MESSAGE_BYTES > options.maximumQueuedBytes)
        broken('it does not read what it is sent');
    },
    close,
    pause() {
      socket.pause();
    },
    resume() {
      socket.resume();
    },
  };
}
