import type { Settings } from '../../shared/configuration/types.generated.ts';
import { JsonRefused, parseJson } from '../../shared/json/parse.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { createLineReader } from '../frame/lines.ts';
import { DRIVER_LEVELS } from '../logs/ring.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Heard, Hearing, HearingEvents } from './converse.ts';
import { failure } from './run.ts';
import type { StreamedOutput } from './streamed-output.ts';

/** Longest progress message that travels on, in UTF-16 units. */
const MAXIMUM_MESSAGE = 1_024;
/** Of a longer one no more is looked at: others wait meanwhile. */
const MAXIMUM_SCRUBBED = 65_536;
/** Longest line of a method that streams, in bytes: its chunks are no whole output. */
const STREAM_MESSAGE_BYTES = 1_048_576;

/** What a driver answered, as it was given. It is scrubbed when the driver is dead, turn by turn. */
type Unscrubbed =
  | { readonly kind: 'result'; readonly result: JsonValue; readonly isClean: boolean }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly details: JsonValue }
  | Heard;

/**
 * Hears a `jsonrpc` driver (protocol/driver-protocol.md): notifications, then exactly one response. What it says is
 * parsed as strictly as what callers say.
 * @param output where `chunk` notifications go; null: the method does not stream, and they are ignored as others are
 */
export function hearJsonRpc(
  method: Method,
  limits: Settings['limits'],
  scrubber: Scrubber,
  events: HearingEvents,
  output: StreamedOutput | null = null,
): Hearing {
  let heard: Unscrubbed | null = null;
  /** Chunks of the bytes that are being read. */
  let streamed: Buffer[] = [];

  function bad(at: string, rule: string): void {
    heard = { kind: 'bad-output', place: { at, rule } };
    lines.stop();
    events.bad();
  }

  function onLine(line: Uint8Array): void {
    let value: JsonValue;
    try {
      value = parseJson(line, { depth: limits.nesting_depth, keys: limits.keys });
    } catch (error) {
      if (!(error instanceof JsonRefused)) throw error;
      return bad('', error.reason);
    }
    if (!isJsonObject(value) || value['jsonrpc'] !== '2.0') return bad('', 'jsonrpc');
    if (typeof value['method'] === 'string' && !('id' in value))
      return onNotification(value['method'], value['params']);
    if (value['id'] !== 1 || 'result' in value === 'error' in value) return bad('', 'response');
    if (heard !== null) return bad('', 'one-response');
    const answer =
      'error' in value
        ? onError(value['error'])
        : onResult(value['result'] ?? null, !scrubber.mayHoldSecret(line));
    if (answer === null) return;
    heard = answer;
    events.answered();
  }

  function onNotification(name: string, params: JsonValue | undefined): void {
    if (!isJsonObject(params)) return;
    if (name === 'progress') onProgress(params);
    if (name === 'log') onLog(params);
    if (name === 'chunk' && output !== null) onChunk(params);
  }

  function onLog({ level, message }: JsonObject): void {
    const known = DRIVER_LEVELS.find((one) => one === level);
    if (known !== undefined && typeof message === 'string') events.message(known, message);
  }

  function onChunk({ data }: JsonObject): void {
    const bytes = bytesIn(data);
    if (bytes === null) bad('/data', 'chunk');
    else if (heard !== null) bad('', 'one-response');
    else streamed.push(bytes);
  }

  function onProgress(params: JsonObject): void {
    const { progress, total, message } = params;
    if (typeof progress !== 'number') return;
    if (isSecret(progress)) return;
    events.progress({
      progress,
      ...(typeof total === 'number' && !isSecret(total) ? { total } : {}),
      // Cut last: half a secret would not be known as one.
      ...(typeof message === 'string' ? { message: scrubStart(message).slice(0, MAXIMUM_MESSAGE) } : {}),
    });
  }

  function isSecret(given: number): boolean {
    return scrubber.value(given).value !== given;
  }

  function scrubStart(message: string): string {
    if (message.length <= MAXIMUM_SCRUBBED) return scrubber.text(message).text;
    return scrubber.bytes(Buffer.from(message.slice(0, MAXIMUM_SCRUBBED)), true).bytes.toString('utf8');
  }

  function onResult(result: JsonValue, isClean: boolean): Unscrubbed | null {
    const checked = method.result.check(result);
    if (checked.ok) return { kind: 'result', result, isClean };
    bad(checked.at, checked.rule);
    return null;
  }

  /** Only what the manifest declares reaches the caller; another error is a failed driver's. */
  function onError(error: JsonValue | undefined): Unscrubbed | null {
    const data = isJsonObject(error) ? error['data'] : undefined;
    const name = isJsonObject(data) ? data['error'] : undefined;
    const declared = typeof name === 'string' ? method.errors.get(name) : undefined;
    if (!isJsonObject(data) || typeof name !== 'string' || declared === undefined)
      return { kind: 'answer', answer: failure('driver-failed') };
    const details = data['details'] ?? null;
    const checked = declared.data?.check(details) ?? { ok: details === null, at: '', rule: 'details' };
    if (checked.ok) return { kind: 'error', name, message: declared.message, details };
    bad('at' in checked ? checked.at : '', 'rule' in checked ? checked.rule : 'details');
    return null;
  }

  function stdout(chunk: Buffer): Promise<void> | undefined {
    lines.push(chunk);
    return output === null || streamed.length === 0 ? undefined : stream(output);
  }

  async function stream(to: StreamedOutput): Promise<void> {
    const given = streamed;
    streamed = [];
    for (const bytes of given) await to.take(bytes);
  }

  async function close(): Promise<Heard | null> {
    if (heard?.kind !== 'bad-output') await output?.end(false);
    if (heard?.kind === 'result') {
      const result = heard.isClean ? heard.result : (await scrubber.valueInTurns(heard.result)).value;
      return { kind: 'answer', answer: { ok: true, result, driver: null } };
    }
    if (heard?.kind !== 'error') return heard;
    const { name, message, details } = heard;
    const extra: JsonObject =
      details === null
        ? { error: name }
        : { error: name, details: (await scrubber.valueInTurns(details)).value };
    return { kind: 'answer', answer: { ok: false, reason: 'driver-error', message, extra } };
  }

  const lines = createLineReader(output === null ? method.outputBytes : STREAM_MESSAGE_BYTES, {
    line: onLine,
    tooLong: () => bad('', 'line-length'),
  });
  return { stdout, close };
}

/** Text as UTF-8, or the bytes of `{"base64": …}`; null: it is neither. */
function bytesIn(data: JsonValue | undefined): Buffer | null {
  if (typeof data === 'string') return Buffer.from(data);
  if (data === undefined || !isJsonObject(data) || Object.keys(data).length !== 1) return null;
  const { base64 } = data;
  if (typeof base64 !== 'string') return null;
  const bytes = Buffer.from(base64, 'base64');
  // What is not the canonical form (RFC 4648, section 3.5) is read leniently, and lost in part.
  return bytes.toString('base64') === base64 ? bytes : null;
}
