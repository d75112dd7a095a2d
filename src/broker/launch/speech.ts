import type { DriverLevel, Said } from '../logs/ring.ts';
import { type WholeLines, wholeLines } from '../logs/whole-lines.ts';
import type { Scrubber, ScrubCounts } from '../scrub/scrubber.ts';
import { inTurns, TURN_BYTES, type Turns } from '../scrub/turns.ts';
import { createTail } from './streams.ts';

/** What a driver says for people during one launch: its stderr, and the messages of its `log` notifications. */
export interface Speech {
  stderr(chunk: Uint8Array): void;
  message(level: DriverLevel, text: string): void;
  /** @param cut whether output was dropped: what is still held may begin a secret whose rest was, and is dropped too */
  end(cut: boolean): Promise<void>;
  /** The scrubbed end of stderr. */
  tail(): Buffer;
  /** What was scrubbed in both. */
  readonly counts: readonly ScrubCounts[];
}

/** Where its lines go besides. */
export interface SpeechKeeper {
  /** Knows secrets that the caller may see and others may not; null where there are none. */
  readonly scrubber: Scrubber | null;
  keep(said: Pick<Said, 'source' | 'level'>, bytes: Uint8Array): void;
}

/**
 * @param scrubber knows the launch's secrets
 * @param tailBytes of stderr that are kept for an error
 * @param keeper null where nothing is kept
 */
export function hearSpeech(scrubber: Scrubber, tailBytes: number, keeper: SpeechKeeper | null): Speech {
  const tail = createTail(tailBytes);
  const [errors, messages] = [scrubber.stream(), scrubber.stream()];
  let level: DriverLevel = 'info';
  const errorLines = linesOf(keeper, () => ({ source: 'stderr', level: 'info' }));
  // Messages are one text: a key block goes over several. What is held back gets the level of what frees it.
  const messageLines = linesOf(keeper, () => ({ source: 'log', level }));

  function tellError(bytes: Uint8Array): void {
    tail.push(bytes);
    errorLines?.push(bytes);
  }

  function tellMessage(given: DriverLevel, bytes: Uint8Array): void {
    level = given;
    const scrubbed = messages.write(bytes);
    messageLines?.push(scrubbed);
  }

  function* tellLongMessage(given: DriverLevel, bytes: Uint8Array): Turns<void> {
    for (let from = 0; from < bytes.length; from += TURN_BYTES) {
      tellMessage(given, bytes.subarray(from, from + TURN_BYTES));
      yield;
    }
  }

  /** Long messages, and what came behind them, wait for their turns; all of it is within the limit of the output. */
  let waiting: Promise<void> | null = null;
  function tellInTurns(given: DriverLevel, bytes: Uint8Array): void {
    const told = (waiting ?? Promise.resolve()).then(() => inTurns(tellLongMessage(given, bytes)));
    waiting = told;
    void told.then(() => {
      if (waiting === told) waiting = null;
    });
  }

  return {
    stderr: (chunk) => tellError(errors.write(chunk)),
    message(given, text) {
      const bytes = Buffer.from(`${text}\n`);
      if (waiting === null && bytes.length <= TURN_BYTES) tellMessage(given, bytes);
      else tellInTurns(given, bytes);
    },
    async end(cut) {
      await waiting;
      if (!cut) {
        tellError(errors.end());
        messageLines?.push(messages.end());
      }
      errorLines?.end(cut);
      messageLines?.end(cut);
    },
    tail: tail.bytes,
    counts: [errors.counts, messages.counts],
  };
}

interface Lines {
  push(bytes: Uint8Array): void;
  end(cut: boolean): void;
}

function linesOf(keeper: SpeechKeeper | null, said: () => Pick<Said, 'source' | 'level'>): Lines | null {
  if (keeper === null) return null;
  const lines: WholeLines = wholeLines((bytes) => keeper.keep(said(), bytes));
  const stream = keeper.scrubber?.stream();
  return {
    push: (bytes) => lines.push(stream?.write(bytes) ?? bytes),
    end(cut) {
      if (!cut && stream !== undefined) lines.push(stream.end());
      lines.end();
    },
  };
}
