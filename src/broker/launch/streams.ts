import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LaunchGrant } from '../monitor-link.ts';
import { TURN_BYTES } from '../scrub/turns.ts';

/** How long streams are drained after the sandbox is dead, in milliseconds: whatever was written is in the pipes. */
const DRAIN_WITHIN_MS = 2_000;

/** The output of a driver as it comes, bounded over both streams. */
export interface DriverStreams {
  /** Settles when both streams are at end-of-file and the sandbox is dead, with its exit status. */
  readonly finished: Promise<number>;
  /** Bytes beyond the limit that were dropped. */
  readonly dropped: number;
}

export interface StreamEvents {
  /** Both streams are at end-of-file. */
  silent(): void;
  /** Something came, within the limit or not. */
  came(): void;
  /** Where it gives a promise, no more is read before that has settled. */
  stdout(chunk: Buffer): Promise<void> | undefined;
  stderr(chunk: Buffer): undefined;
  /** Once, when more than the limit came: nothing more is reported. */
  overLimit(): void;
}

/**
 * Gives a driver its request, closes its stdin and listens.
 * @param input a driver that has stopped reading it is no error
 * @param maximumBytes of stdout and stderr together
 */
export function openStreams(
  grant: LaunchGrant,
  input: Uint8Array,
  maximumBytes: number,
  events: StreamEvents,
): DriverStreams {
  const stdin = new Socket({ fd: grant.stdin, readable: false, writable: true });
  // EPIPE and the like: the driver ended or closed its end; what it answered decides.
  stdin.on('error', () => stdin.destroy());
  // First of all: it begins with that.
  stdin.end(input);
  const stdout = new Socket({ fd: grant.stdout, readable: true, writable: false });
  const stderr = new Socket({ fd: grant.stderr, readable: true, writable: false });
  let left = maximumBytes;
  let over = false;
  let dropped = 0;

  function counted(report: Report): Report {
    return (chunk) => {
      events.came();
      if (over) {
        dropped += chunk.length;
        return;
      }
      if (chunk.length > left) {
        const taken = report(chunk.subarray(0, left));
        dropped = chunk.length - left;
        over = true;
        events.overLimit();
        return taken;
      }
      left -= chunk.length;
      return report(chunk);
    };
  }

  const closed = [
    [stdout, events.stdout],
    [stderr, events.stderr],
  ] as const;
  const ends = closed.map(([stream, report]) => {
    const take = counted(report);
    let taken = Promise.resolve();
    let isTaking = false;
    stream.on('data', (chunk: Buffer) => {
      // libuv reads a stream that is full up to 32 times before it looks at another: others would wait for all of it.
      stream.pause();
      isTaking = true;
      taken = taken
        .then(() => inPieces(chunk, take))
        .then(() => {
          isTaking = false;
          stream.resume();
        });
    });
    const ended = new Promise<void>((resolve) => {
      stream.on('error', () => stream.destroy());
      stream.on('close', () => resolve(taken));
      stream.on('end', () => stream.destroy());
    });
    return { ended, destroy: () => stream.destroy(), isTaking: () => isTaking };
  });
  const atEnd = Promise.all(ends.map(({ ended }) => ended)).then(events.silent);
  const finished = grant.ended.then(async ({ status }) => {
    let timer = setTimeout(giveUp, DRAIN_WITHIN_MS);
    function giveUp(): void {
      // A stream whose caller reads slowly is not what takes long here; the caller has limits of its own.
      if (ends.some(({ isTaking }) => isTaking())) timer = setTimeout(giveUp, DRAIN_WITHIN_MS);
      else for (const { destroy } of ends) destroy();
    }
    await atEnd;
    clearTimeout(timer);
    stdin.destroy();
    return status;
  });
  return {
    finished,
    get dropped() {
      return dropped;
    },
  };
}

type Report = (chunk: Buffer) => Promise<void> | undefined;

async function inPieces(chunk: Buffer, take: Report): Promise<void> {
  for (let from = 0; from < chunk.length; from += TURN_BYTES) {
    await take(chunk.subarray(from, from + TURN_BYTES));
    await nextTurn();
  }
}

/** Lets go of the streams of a launch that gets no request and is not heard. */
export function closeUnread({ stdin, stdout, stderr }: LaunchGrant): void {
  for (const descriptor of [stdin, stdout, stderr]) closeSync(descriptor);
}

/** The last bytes of a stream, at most so many. */
export interface Tail {
  push(chunk: Uint8Array): void;
  bytes(): Buffer;
}

export function createTail(maximumBytes: number): Tail {
  let kept: Uint8Array[] = [];
  let length = 0;
  return {
    push(chunk) {
      kept.push(chunk);
      length += chunk.length;
      // Cut only now and then, so that small chunks do not cost a copy each.
      if (length <= 2 * maximumBytes && kept.length < 1_024) return;
      const joined = Buffer.concat(kept).subarray(-maximumBytes);
      kept = [joined];
      length = joined.length;
    },
    bytes: () => Buffer.concat(kept).subarray(-maximumBytes),
  };
}

/** Text where it is UTF-8, else `{"base64": …}`. */
export function textOrBase64(bytes: Uint8Array): string | { readonly base64: string } {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}
