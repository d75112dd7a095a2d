import type { Socket } from 'node:net';
import { utf8Bytes } from '../../shared/utf8.ts';
import { writeOnceATurn } from '../write-once-a-turn.ts';

/** A shorter line is written as a string: it needs no buffer of its own, in UTF-16 units. */
const LONG = 16_384;

const NEWLINE = Buffer.from('\n');

/** Writes replies to one caller, bounded: who does not read is disconnected. */
export interface Writer {
  /**
   * One line, as a text or in parts; `droppable` ones are left out while earlier ones wait.
   * @returns false: it was left out
   */
  line(given: string | readonly Buffer[], droppable: boolean): boolean;
  /** Whether so much waits that no more requests should be read. */
  readonly isFull: boolean;
}

/**
 * @param maximumBytes that may wait for the caller; beyond it no more of its requests are read
 * @param patienceMs how long it may stay so before the connection is ended
 */
export function createWriter(
  socket: Socket,
  maximumBytes: number,
  patienceMs: number,
  drained: () => void,
): Writer {
  const writeLine = writeOnceATurn(socket);
  let impatience: NodeJS.Timeout | undefined;
  socket.on('drain', () => {
    clearTimeout(impatience);
    impatience = undefined;
    drained();
  });
  socket.on('close', () => clearTimeout(impatience));
  return {
    line(given, droppable) {
      if (socket.destroyed) return true;
      // What was written in this turn has not been offered to the kernel yet, and tells nothing about its reader.
      if (droppable && socket.writableCorked === 0 && socket.writableNeedDrain) return false;
      if (typeof given === 'string') writeLine(given.length < LONG ? `${given}\n` : utf8Bytes(given, '\n'));
      else for (const part of [...given, NEWLINE]) writeLine(part);
      if (socket.writableLength > maximumBytes) impatience ??= setTimeout(() => socket.destroy(), patienceMs);
      return true;
    },
    get isFull() {
      return socket.writableLength > maximumBytes;
    },
  };
}
