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
  onMessage(message: MessageOf<Incoming>): void;
  /** Called once: a bad frame, an unknown message, a queue over its limit, end-of-file or an error of the socket. */
  onBroken(why: string): void;
}

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
      else options.onMessage(message);
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
      socket.write(encodeFrame(JSON.stringify(message)));
      if (socket.writableLength > options.maximumQueuedBytes) broken('it does not read what it is sent');
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
