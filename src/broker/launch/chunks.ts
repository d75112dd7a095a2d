import type { JsonObject } from '../../shared/json-value.ts';
import type { Admitted, Streamed } from '../call.ts';
import type { WaitingLine } from '../connection/stream-lines.ts';

/** Chunks of one call's streamed result on their way to the caller, one at a time. */
export interface Chunks {
  /**
   * Sends a chunk (`rpc.chunk`) once the caller has read what came before; settles then.
   * @param content `data` or `lines`
   * @param bytes of the result that are in it
   */
  send(content: JsonObject, bytes: number): Promise<void>;
  /** Sends no more, and gives up what waits. */
  stop(): void;
  readonly isStopped: boolean;
  readonly sent: Streamed;
}

export function sendChunks({ session, metadata }: Pick<Admitted, 'session' | 'metadata'>): Chunks {
  let [chunks, bytes] = [0, 0];
  let waiting: WaitingLine | null = null;
  let isStopped = metadata.progressToken === undefined;
  return {
    async send(content, length) {
      const { progressToken } = metadata;
      if (isStopped || progressToken === undefined) return;
      waiting = session.stream('rpc.chunk', { progressToken, sequence: chunks, ...content });
      if (waiting !== null) await waiting.settled;
      waiting = null;
      // One that was given up was not sent.
      if (isStopped) return;
      chunks += 1;
      bytes += length;
    },
    stop() {
      isStopped = true;
      waiting?.giveUp();
    },
    get isStopped() {
      return isStopped;
    },
    get sent() {
      return { chunks, bytes };
    },
  };
}
