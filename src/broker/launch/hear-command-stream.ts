import type { JsonObject } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { describeEnd, type Heard, type Hearing, type HearingEvents } from './converse.ts';
import { failure } from './run.ts';
import type { StreamedOutput } from './streamed-output.ts';

/**
 * Hears a `command` driver whose stdout is a stream: it goes on to the caller as it comes, and the result is the exit status.
 * @param raw the caller wants stderr and exit status as they are, beside the result
 * @param isTruncated whether output was dropped at the limit
 */
export function hearCommandStream(
  method: Method,
  output: StreamedOutput,
  raw: boolean,
  isTruncated: () => boolean,
  events: Pick<HearingEvents, 'bad'>,
): Hearing {
  async function stdout(chunk: Buffer): Promise<void> {
    if (output.wrong !== null) return;
    await output.take(chunk);
    if (output.wrong !== null) events.bad();
  }

  async function close(status: number, stderr: () => Buffer): Promise<Heard | null> {
    const { command } = method;
    if (output.wrong === null) await output.end(isTruncated());
    if (output.wrong !== null) return { kind: 'bad-output', place: { at: '/stdout', rule: output.wrong } };
    const dropped = isTruncated() ? output.held : 0;
    if (command?.exitStatuses.includes(status) !== true) {
      if (!(raw && method.stderrInErrors)) return null;
      const driver = { ...describeEnd(status, stderr()), stdout: '' };
      return { kind: 'answer', answer: failure('driver-failed', { driver }), dropped };
    }
    const result: JsonObject = { exit_status: status };
    const checked = method.result.check(result);
    if (!checked.ok) return { kind: 'bad-output', place: { at: checked.at, rule: checked.rule } };
    // What went on as chunks is not told again.
    const { stderr: said } = describeEnd(status, stderr());
    const driver: JsonObject | null = raw ? { exit_status: status, stdout: '', stderr: said ?? '' } : null;
    return { kind: 'answer', answer: { ok: true, result, driver }, dropped };
  }

  return { stdout, close };
}
