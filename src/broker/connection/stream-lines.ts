import type { Socket } from 'node:net';

/**
 * Lines of streams to one caller. What a caller has not read yet is the kernel's to hold, and the socket's high-water mark
 * above that; then each stream waits with one line, in turn, and with it the driver's pipe.
 */
export interface StreamLines {
  /** Writes a line once the caller has read what came before. Null: it is written, or the caller has gone. */
  line(text: string): WaitingLine | null;
}

export interface WaitingLine {
  /** It is written, given up, or the caller has gone. */
  readonly settled: Promise<void>;
  /** Nobody wants it written any more. */
  giveUp(): void;
}

/** @param stallMs how long a caller may read so little that none can be written before its connection is ended */
export function createStreamLines(socket: Socket, stallMs: number): StreamLines {
  const waiting = new Map<() => void, string>();
  let stall: NodeJS.Timeout | undefined;

  function watch(): void {
    clearTimeout(stall);
    stall = waiting.size === 0 ? undefined : setTimeout(() => socket.destroy(), stallMs);
  }

  socket.on('drain', () => {
    for (const [settle, text] of waiting) {
      if (socket.writableNeedDrain) break;
      socket.write(text);
      settle();
    }
    watch();
  });
  socket.on('close', () => {
    clearTimeout(stall);
    for (const settle of [...waiting.keys()]) settle();
  });

  return {
    line(text) {
      if (socket.destroyed) return null;
      if (waiting.size === 0 && !socket.writableNeedDrain) {
        socket.write(`${text}\n`);
        return null;
      }
      const { promise: settled, resolve } = Promise.withResolvers<void>();
      const settle = (): void => {
        waiting.delete(settle);
        resolve();
      };
      waiting.set(settle, `${text}\n`);
      if (stall === undefined) watch();
      return {
        settled,
        giveUp() {
          settle();
          if (waiting.size === 0) watch();
        },
      };
    },
  };
}
