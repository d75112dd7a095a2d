import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { commandResult } from '../catalogue/output.ts';
import { scrubBytes } from '../scrub/bytes-in-turns.ts';
import type { ScrubCounts } from '../scrub/scrubber.ts';
import { inTurns } from '../scrub/turns.ts';
import { describeEnd, type Heard, type Hearing } from './converse.ts';
import type { LaunchScrubber } from './launch-scrubber.ts';
import { failure } from './run.ts';
import { textOrBase64 } from './streams.ts';

/**
 * Hears a `command` driver: its whole stdout, then its exit status. The result is judged by its schema as the program
 * gave it, then scrubbed; text as bytes, since base64 of what is not UTF-8 would hide what rules look for.
 * @param raw the caller wants stdout, stderr and exit status as they are, beside the result
 * @param isTruncated whether output was dropped at the limit; what could be the beginning of a secret whose rest was
 *   dropped is dropped too
 */
export function hearCommand(
  method: Method,
  limits: Settings['limits'],
  scrubber: LaunchScrubber,
  raw: boolean,
  isTruncated: () => boolean,
): Hearing {
  const chunks: Buffer[] = [];
  /** What was printed, scrubbed while the end of the sandbox was waited for. */
  let ahead: Promise<Uncounted> | null = null;

  async function scrubUncounted(bytes: Buffer): Promise<Uncounted> {
    const stream = scrubber.stream();
    const scrubbed = await inTurns(scrubBytes(stream, bytes, isTruncated()));
    return { bytes: scrubbed, passed: stream.passed, counts: stream.counts };
  }

  function silent(): void {
    if (method.command?.output === 'text') ahead = scrubUncounted(Buffer.concat(chunks));
  }

  async function close(status: number, stderr: () => Buffer): Promise<Heard | null> {
    const { command } = method;
    if (command === null) return null;
    const isAccepted = command.exitStatuses.includes(status);
    if (!isAccepted && !(raw && method.stderrInErrors)) return null;
    const printed = Buffer.concat(chunks);
    const isText = command.output === 'text' || !isAccepted;
    const scrubbed = isText || raw || isTruncated() ? await (ahead ?? scrubUncounted(printed)) : null;
    // Of a parsed result the same is found in that.
    if (isText && scrubbed !== null) scrubber.count(scrubbed.counts);
    const text = textOrBase64(scrubbed?.bytes ?? Buffer.alloc(0));
    const stdout = isTruncated() ? printed.subarray(0, scrubbed?.passed) : printed;
    const dropped = printed.length - stdout.length;
    if (!isAccepted) {
      const driver = { ...describeEnd(status, stderr()), stdout: text };
      return { kind: 'answer', answer: failure('driver-failed', { driver }), dropped };
    }
    const result = commandResult(command.output, status, stdout, {
      depth: limits.nesting_depth,
      keys: limits.keys,
    });
    if (result === null) return { kind: 'bad-output', place: { at: '/stdout', rule: command.output } };
    const checked = method.result.check(result);
    if (!checked.ok) return { kind: 'bad-output', place: { at: checked.at, rule: checked.rule } };
    const shown =
      command.output === 'text' ? { ...result, stdout: text } : (await scrubber.valueInTurns(result)).value;
    const driver: JsonObject | null = raw
      ? { exit_status: status, stdout: text, stderr: textOrBase64(stderr()) }
      : null;
    return { kind: 'answer', answer: { ok: true, result: shown, driver }, dropped };
  }

  function stdout(chunk: Buffer): undefined {
    chunks.push(chunk);
  }

  return { stdout, silent, close };
}

/** Scrubbed bytes that may turn out to be shown to nobody. */
interface Uncounted {
  readonly bytes: Buffer;
  readonly passed: number;
  readonly counts: ScrubCounts;
}
