import { markOf } from '../scrub/mask.ts';
import type { Scrubber, ScrubCounts, ScrubStream } from '../scrub/scrubber.ts';

/** Stands in the mark, and in the counts, where a scrubber failed and what it was given was dropped. */
const FAILED = 'scrubber-failed';
const FAILED_MARK = markOf(FAILED);

const NOTHING: ScrubCounts = new Map();
const NO_BYTES = { bytes: Buffer.from(FAILED_MARK), passed: 0, counts: NOTHING };
const NO_VALUE = { value: FAILED_MARK, counts: NOTHING };

/** The scrubber of one launch: it counts what it finds, and lets nothing through when it fails. */
export interface LaunchScrubber extends Scrubber {
  /** How often each rule applied; of streams only what was added with `count`. */
  readonly counts: ScrubCounts;
  count(counts: ScrubCounts): void;
  /** Whether something was dropped, since it could not be scrubbed. */
  readonly hasFailed: boolean;
}

/**
 * @param onFault is told why something could not be scrubbed; what could not is dropped, and a mark stands in its place
 */
export function scrubLaunch(scrubber: Scrubber, onFault: (error: unknown) => void): LaunchScrubber {
  const counts = new Map<string, number>();
  let hasFailed = false;

  function count(found: ScrubCounts): void {
    for (const [rule, times] of found) counts.set(rule, (counts.get(rule) ?? 0) + times);
  }

  function failed(error: unknown): void {
    hasFailed = true;
    count(new Map([[FAILED, 1]]));
    onFault(error);
  }

  function attempt<Result>(work: () => Result, instead: Result): Result {
    try {
      return work();
    } catch (error) {
      failed(error);
      return instead;
    }
  }

  function counted<Scrubbed extends { readonly counts: ScrubCounts }>(scrubbed: Scrubbed): Scrubbed {
    count(scrubbed.counts);
    return scrubbed;
  }

  async function attemptInTurns<Scrubbed extends { readonly counts: ScrubCounts }>(
    work: () => Promise<Scrubbed>,
    instead: Scrubbed,
  ): Promise<Scrubbed> {
    try {
      return counted(await work());
    } catch (error) {
      failed(error);
      return instead;
    }
  }

  /** Behind a failure nothing passes any more: what the stream knew of its text is lost. */
  function guardedStream(): ScrubStream {
    const stream = attempt(scrubber.stream, null);
    let isBroken = stream === null;
    function pass(work: () => Uint8Array | null): Uint8Array {
      if (isBroken) return new Uint8Array(0);
      const passed = attempt<Uint8Array | null>(work, null);
      isBroken = passed === null;
      return passed ?? Buffer.from(FAILED_MARK);
    }
    return {
      write: (chunk) => pass(() => stream?.write(chunk) ?? null),
      end: () => pass(() => stream?.end() ?? null),
      counts: stream?.counts ?? NOTHING,
      get passed() {
        return stream?.passed ?? 0;
      },
    };
  }

  return {
    counts,
    count,
    get hasFailed() {
      return hasFailed;
    },
    stream: guardedStream,
    bytes: (bytes, isCut) => attempt(() => counted(scrubber.bytes(bytes, isCut)), NO_BYTES),
    bytesInTurns: (bytes, isCut) => attemptInTurns(() => scrubber.bytesInTurns(bytes, isCut), NO_BYTES),
    text: (text) => attempt(() => counted(scrubber.text(text)), { text: FAILED_MARK, counts: NOTHING }),
    value: (value) => attempt(() => counted(scrubber.value(value)), NO_VALUE),
    valueInTurns: (value) => attemptInTurns(() => scrubber.valueInTurns(value), NO_VALUE),
    mayHoldSecret: (json) => attempt(() => scrubber.mayHoldSecret(json), true),
    pointer: (pointer) =>
      attempt(() => counted(scrubber.pointer(pointer)), { pointer: `/${FAILED_MARK}`, counts: NOTHING }),
  };
}
