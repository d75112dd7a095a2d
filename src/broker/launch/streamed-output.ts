import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ScrubStream } from '../scrub/scrubber.ts';
import { TURN_BYTES } from '../scrub/turns.ts';
import type { Chunks } from './chunks.ts';
import { LONGEST_CHARACTER, textOrBytes, wholeCharacters } from './text-or-bytes.ts';

/** Most bytes of one chunk; as JSON they may be up to six times as long. */
const CHUNK_BYTES = 32_768;
/** Longest line of a stream of lines, in bytes. */
export const STREAM_LINE_BYTES = 262_144;
/** With what was begun before it is no longer than a chunk. */
const PIECE_BYTES = CHUNK_BYTES - LONGEST_CHARACTER;
const LINE_FEED = 0x0a;

/** What a driver streams: it is scrubbed as one stream (invariant 10), cut into chunks and sent. */
export interface StreamedOutput {
  /** Takes bytes as the driver gave them; settles when the caller has read so far that more may come. */
  take(bytes: Uint8Array): Promise<void>;
  /** @param isCut whether more came and was dropped: then what may be the beginning of a secret is dropped too */
  end(isCut: boolean): Promise<void>;
  /** Why it cannot be sent in its form: a rule's name; null: it can. */
  readonly wrong: 'lines' | 'line-length' | null;
  /** Bytes that came and were neither passed on nor replaced. */
  readonly held: number;
}

/** @param form `lines`: chunks of whole lines without their ends, which must be UTF-8 */
export function streamOutput(scrubbing: ScrubStream, chunks: Chunks, form: 'text' | 'lines'): StreamedOutput {
  const sender = form === 'lines' ? sendLines(chunks) : sendText(chunks);
  let taken = 0;
  return {
    async take(bytes) {
      taken += bytes.length;
      // Nobody gets what a driver says after its call was ended.
      if (chunks.isStopped) return;
      for (let from = 0; from < bytes.length; from += TURN_BYTES) {
        if (from > 0) await nextTurn();
        await sender.send(scrubbing.write(bytes.subarray(from, from + TURN_BYTES)));
      }
    },
    async end(isCut) {
      if (!isCut) await sender.send(scrubbing.end());
      await sender.end();
    },
    get wrong() {
      return sender.wrong;
    },
    get held() {
      return taken - scrubbing.passed;
    },
  };
}

/** Takes scrubbed bytes. */
interface Sender {
  send(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
  readonly wrong: StreamedOutput['wrong'];
}

function sendText(chunks: Chunks): Sender {
  const whole = wholeCharacters();
  async function sendWhole(bytes: Buffer): Promise<void> {
    if (bytes.length > 0) await chunks.send({ data: textOrBytes(bytes) }, bytes.length);
  }
  return {
    async send(bytes) {
      for (let from = 0; from < bytes.length; from += PIECE_BYTES)
        await sendWhole(whole.push(bytes.subarray(from, from + PIECE_BYTES)));
    },
    end: () => sendWhole(whole.end()),
    wrong: null,
  };
}

function sendLines(chunks: Chunks): Sender {
  let begun: Uint8Array[] = [];
  let begunBytes = 0;
  let lines: string[] = [];
  let bytes = 0;
  let wrong: StreamedOutput['wrong'] = null;

  function keep(part: Uint8Array): void {
    if (part.length === 0) return;
    begun.push(part);
    begunBytes += part.length;
    if (begunBytes > STREAM_LINE_BYTES) wrong ??= 'line-length';
  }

  /** @param ends whether its end came too, which counts as a byte */
  function finish(ends: boolean): void {
    const text = textOrBytes(Buffer.concat(begun));
    if (typeof text !== 'string') wrong ??= 'lines';
    else lines.push(text);
    bytes += begunBytes + (ends ? 1 : 0);
    [begun, begunBytes] = [[], 0];
  }

  async function sendCollected(): Promise<void> {
    if (lines.length === 0) return;
    const [content, length] = [{ lines }, bytes];
    [lines, bytes] = [[], 0];
    await chunks.send(content, length);
  }

  return {
    async send(given) {
      let start = 0;
      for (let end = given.indexOf(LINE_FEED); end !== -1; end = given.indexOf(LINE_FEED, start)) {
        keep(given.subarray(start, end));
        start = end + 1;
        finish(true);
        if (wrong !== null) return;
        if (bytes >= CHUNK_BYTES) await sendCollected();
      }
      keep(given.subarray(start));
      if (wrong === null) await sendCollected();
    },
    async end() {
      if (begunBytes > 0) finish(false);
      if (wrong === null) await sendCollected();
    },
    get wrong() {
      return wrong;
    },
  };
}
