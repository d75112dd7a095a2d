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
  return encodeFrames([body]);
}

/**
 * The frames of several bodies, one behind the other.
 * @param bytes of all bodies together, from who has counted them
 */
export function encodeFrames(
  bodies: readonly string[],
  bytes: number = bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0),
): Buffer {
  const frames = Buffer.allocUnsafe(bodies.length * LENGTH_BYTES + bytes);
  let at = 0;
  for (const body of bodies) {
    const length = frames.write(body, at + LENGTH_BYTES);
    frames.writeUInt32BE(length, at);
    at += LENGTH_BYTES + length;
  }
  return frames;
}

export interface FrameReader {
  /** Takes the next bytes of the stream. */
  push(chunk: Buffer): void;
  /**
   * Calls back for each whole frame, in order, and for no more than `most` of them (from 1). Returns whether another one may be
   * there.
   */
  read(most: number): boolean;
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

  function keep(bytes: Buffer): void {
    waiting = [bytes];
    waitingBytes = bytes.length;
  }

  function stop(why?: string): false {
    stopped = true;
    waiting = [];
    if (why !== undefined) onBroken(why);
    return false;
  }

  return {
    push(chunk) {
      if (stopped) return;
      waiting.push(chunk);
      waitingBytes += chunk.length;
    },
    read(most) {
      if (stopped || waitingBytes < (wanted ?? LENGTH_BYTES)) return false;
      const bytes = takeWaiting();
      let at = 0;
      for (let count = 0; count < most; count += 1) {
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
        if (!onBody(body)) return stop();
      }
      if (at < bytes.length) keep(bytes.subarray(at));
      return waitingBytes >= (wanted ?? LENGTH_BYTES);
    },
  };
}
