/**
 * Frames between monitor and broker: four bytes of length (big-endian, of the body alone), then a body of JSON.
 * Node's own `ipc` channel is not used: a taken-over child can end its parent through it.
 */
const LENGTH_BYTES = 4;

/** Longest body that the broker may send, in bytes: the monitor ends a broker that announces more. */
export const BROKER_FRAME_BYTES = 16_384;
/** Longest body that the monitor sends, in bytes: a configuration file of 1 MiB in base64 fits. */
export const MONITOR_FRAME_BYTES = 2_097_152;

export function encodeFrame(body: string): Buffer {
  const length = Buffer.byteLength(body);
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + length);
  frame.writeUInt32BE(length);
  frame.write(body, LENGTH_BYTES);
  return frame;
}

export interface FrameReader {
  /** Takes the next bytes of the stream; calls back for each whole frame, in order. */
  push(chunk: Buffer): void;
}

/**
 * Cuts a byte stream into frames. After `onBroken`, or once `onBody` returned false, nothing more is parsed.
 * @param maximumBytes longest body, from 1
 */
export function createFrameReader(
  maximumBytes: number,
  onBody: (body: Buffer) => boolean,
  onBroken: (why: string) => void,
): FrameReader {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let wanted: number | undefined;
  let stopped = false;

  function takeWaiting(): Buffer {
    const [first] = waiting;
    const whole = waiting.length === 1 && first !== undefined ? first : Buffer.concat(waiting, waitingBytes);
    waiting = [];
    waitingBytes = 0;
    return whole;
  }

  function stop(why?: string): void {
    stopped = true;
    waiting = [];
    if (why !== undefined) onBroken(why);
  }

  return {
    push(chunk) {
      if (stopped) return;
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (waitingBytes < (wanted ?? LENGTH_BYTES)) return;
      const bytes = takeWaiting();
      let at = 0;
      while (!stopped) {
        if (wanted === undefined) {
          if (bytes.length - at < LENGTH_BYTES) break;
          wanted = bytes.readUInt32BE(at);
          at += LENGTH_BYTES;
          if (wanted === 0 || wanted > maximumBytes) return stop('a frame of a length that is not allowed');
        }
        if (bytes.length - at < wanted) break;
        const body = bytes.subarray(at, at + wanted);
        at += wanted;
        wanted = undefined;
        if (!onBody(body)) stop();
      }
      if (!stopped && at < bytes.length) {
        waiting = [bytes.subarray(at)];
        waitingBytes = bytes.length - at;
      }
    },
  };
}
