import { readlinkSync } from 'node:fs';
import { connectDatagramSocket, type DatagramSocket } from '../../posix/datagram-socket.ts';
import { makeSealedMemoryFile } from '../../posix/memory-file.ts';
import { reasonOf } from '../failure.ts';
import { journalEntry } from './journal-entry.ts';
import { until } from './pace.ts';
import { type Sink, type SinkConnection, SinkLost } from './sink.ts';

export const JOURNAL_SOCKET = '/run/systemd/journal/socket';
/** A link to the number of journald's present run, which the service manager makes before it starts it. */
const INVOCATION = '/run/systemd/units/invocation:systemd-journald.service';

/** Journald ignores a datagram with neither bytes nor files, but has to read it like any other. */
const MARK = Buffer.alloc(0);

export interface Journald {
  readonly socket: string;
  /** Which run of journald it is, or null where that cannot be told; the service manager's word, except in tests. */
  readonly invocation?: () => string | null;
}

/**
 * The journal, by its native protocol, which has no answers. One entry at a time: it counts as received when journald has
 * read the empty datagram behind it, because journald stores an entry before it reads on, and when it is the same journald
 * that was there before, because systemd keeps the socket and what waits in it while journald is started anew.
 */
export function journaldSink({ socket: path, invocation = readInvocation }: Journald): Sink {
  return {
    name: 'journald',
    async connect() {
      return overSocket(await connectTo(path), invocation);
    },
  };
}

async function connectTo(path: string): Promise<DatagramSocket> {
  try {
    return connectDatagramSocket(path);
  } catch (error) {
    throw lost(error);
  }
}

function overSocket(socket: DatagramSocket, invocation: () => string | null): SinkConnection {
  const abandoned = new AbortController();
  let sent = 0;

  /** Waits for room. */
  const put = (send: () => 'sent' | 'full'): Promise<void> =>
    until(() => send() === 'sent', abandoned.signal);

  async function putEntry(entry: Buffer): Promise<void> {
    let isTooLarge = false;
    await put(() => {
      const result = socket.send(entry);
      isTooLarge = result === 'too-large';
      return result === 'full' ? 'full' : 'sent';
    });
    if (!isTooLarge) return;
    const file = makeSealedMemoryFile('driverd-journal-entry', entry);
    try {
      await put(() => socket.sendFile(file));
    } finally {
      file.close();
    }
  }

  const putMark = (): Promise<void> => put(() => (socket.send(MARK) === 'sent' ? 'sent' : 'full'));

  async function deliver(entry: Buffer): Promise<void> {
    for (;;) {
      const before = invocation();
      await putEntry(entry);
      await putMark();
      await until(() => socket.unread() === 0, abandoned.signal);
      // A receiver that is gone reads nothing more either: but nothing can be sent to it.
      await putMark();
      if (invocation() === before) return;
    }
  }

  return {
    window: 0,
    get sent() {
      return sent;
    },
    received: () => sent,
    async send(message) {
      const entry = journalEntry(message);
      try {
        await deliver(entry);
      } catch (error) {
        throw lost(error);
      }
      sent += entry.length;
    },
    flush: () => Promise.resolve(),
    // Nothing is on its way: that journald has gone shows with the next entry, and looking would wake it.
    probe: () => undefined,
    async close() {
      socket.close();
    },
    abandon() {
      abandoned.abort();
      socket.close();
    },
  };
}

function readInvocation(): string | null {
  try {
    return readlinkSync(INVOCATION);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES') return null;
    throw error;
  }
}

function lost(error: unknown): SinkLost {
  return error instanceof SinkLost ? error : new SinkLost(`Cannot ship to journald: ${reasonOf(error)}`);
}
