import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { commandResult } from '../catalogue/output.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import { describeEnd, type Heard, type Hearing } from './converse.ts';
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
  scrubber: Scrubber,
  raw: boolean,
  isTruncated: () => boolean,
): Hearing {
  const chunks: Buffer[] = [];

  const scrubbedText = (bytes: Buffer): ReturnType<typeof textOrBase64> =>
    textOrBase64(scrubber.bytes(bytes).bytes);

  /** What was scrubbed and counted in the result already. */
  function scrubbedAgain(bytes: Buffer): ReturnType<typeof textOrBase64> {
    const stream = scrubber.stream();
    return textOrBase64(Buffer.concat([stream.write(bytes), stream.end()]));
  }

  function safeLength(bytes: Buffer): number {
    const stream = scrubber.stream();
    stream.write(bytes);
    return stream.passed;
  }

  function close(status: number, stderr: () => Buffer): Heard | null {
    const { command } = method;
    if (command === null) return null;
    const printed = Buffer.concat(chunks);
    const stdout = isTruncated() ? printed.subarray(0, safeLength(printed)) : printed;
    const dropped = printed.length - stdout.length;
    if (!command.exitStatuses.includes(status)) {
      if (!raw || !method.stderrInErrors) return null;
      const driver = { ...describeEnd(status, stderr()), stdout: scrubbedText(stdout) };
      return { kind: 'answer', answer: failure('driver-failed', { driver }), dropped };
    }
    const result = commandResult(command.output, status, stdout, {
      depth: limits.nesting_depth,
      keys: limits.keys,
    });
    if (result === null) return { kind: 'bad-output', place: { at: '/stdout', rule: command.output } };
    const checked = method.result.check(result);
    if (!checked.ok) return { kind: 'bad-output', place: { at: checked.at, rule: checked.rule } };
    const scrubbed: JsonValue =
      command.output === 'text' ? { ...result, stdout: scrubbedText(stdout) } : scrubber.value(result).value;
    const driver: JsonObject | null = raw
      ? { exit_status: status, stdout: scrubbedAgain(stdout), stderr: textOrBase64(stderr()) }
      : null;
    return { kind: 'answer', answer: { ok: true, result: scrubbed, driver }, dropped };
  }

  return { stdout: (chunk) => void chunks.push(chunk), close };
}
