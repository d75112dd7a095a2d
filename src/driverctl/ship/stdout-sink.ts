import { fstatSync, writeSync } from 'node:fs';
import { peerHasGone, takesMore } from '../../posix/poll.ts';
import { unreadBySocket, unreadInPipe } from '../../posix/unread-bytes.ts';
import { Failure, reasonOf } from '../failure.ts';
import { until } from './pace.ts';
import { type Sink, type SinkConnection, SinkEnded } from './sink.ts';

const NEWLINE = Buffer.from('\n');
const BATCH_BYTES = 65_536;
/** PIPE_BUF: so much a pipe that has room takes without waiting, and a write that waits could not be stopped. */
const PIECE_BYTES = 4_096;

/**
 * An open descriptor, standard output as a rule: the lines as they stand in the log. Of a pipe or a socket counts as
 * received what its reader has read; of anything else what was written.
 */
export function stdoutSink(descriptor: number): Sink {
  return { name: 'standard output', connect: async () => connection(descriptor) };
}

function connection(descriptor: number): SinkConnection {
  const unread = unreadOf(descriptor);
  const abandoned = new AbortController();
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let sent = 0;
  let written = 0;
  let received = 0;

  async function flush(): Promise<void> {
    const batch = Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    for (let at = 0; at < batch.length; ) {
      await until(() => takesMore(descriptor), abandoned.signal);
      const bytes = writePiece(descriptor, batch.subarray(at, at + PIECE_BYTES));
      at += bytes;
      written += bytes;
    }
  }

  return {
    window: 0,
    get sent() {
      return sent;
    },
    received() {
      received = Math.max(received, written - (unread?.(descriptor) ?? 0));
      return received;
    },
    async send({ line }) {
      waiting.push(line, NEWLINE);
      waitingBytes += line.length + 1;
      sent += line.length + 1;
      if (waitingBytes >= BATCH_BYTES) await flush();
    },
    flush,
    probe() {
      if (unread !== null && peerHasGone(descriptor)) throw readerHasGone();
    },
    close: () => Promise.resolve(),
    abandon() {
      abandoned.abort();
    },
  };
}

/** How to ask what the reader has not read, where there is a reader. */
function unreadOf(descriptor: number): ((descriptor: number) => number) | null {
  const kind = fstatSync(descriptor);
  if (kind.isFIFO()) return unreadInPipe;
  return kind.isSocket() ? unreadBySocket : null;
}

/** Returns how much was written; nothing where somebody made the descriptor non-blocking and it is full after all. */
function writePiece(descriptor: number, piece: Buffer): number {
  try {
    return writeSync(descriptor, piece);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 0;
    if (code === 'EPIPE' || code === 'ECONNRESET') throw readerHasGone();
    throw new Failure('output', `Cannot ship to standard output: ${reasonOf(error)}`);
  }
}

function readerHasGone(): SinkEnded {
  return new SinkEnded('Cannot ship to standard output: its reader has gone');
}
