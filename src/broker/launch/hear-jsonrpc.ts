import type { Settings } from '../../shared/configuration/types.generated.ts';
import { JsonRefused, parseJson } from '../../shared/json/parse.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { createLineReader } from '../frame/lines.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Heard, Hearing, HearingEvents } from './converse.ts';
import { type Judged, judgeResponse, scrubJudged } from './judge-response.ts';
import { readLog, readProgress } from './notifications.ts';
import type { StreamedOutput } from './streamed-output.ts';

/** Longest line of a method that streams, in bytes: its chunks are no whole output. */
const STREAM_MESSAGE_BYTES = 1_048_576;

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
  let heard: Judged | null = null;
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
    if (value['id'] !== 1) return bad('', 'response');
    if (heard !== null) return bad('', 'one-response');
    const judged = judgeResponse(method, value, () => !scrubber.mayHoldSecret(line));
    if (judged.kind === 'bad-output') return bad(judged.place.at, judged.place.rule);
    heard = judged;
    events.answered();
  }

  function onNotification(name: string, params: JsonValue | undefined): void {
    if (!isJsonObject(params)) return;
    if (name === 'progress') {
      const progress = readProgress(params, scrubber);
      if (progress !== null) events.progress(progress);
    }
    if (name === 'log') {
      const said = readLog(params);
      if (said !== null) events.message(said.level, said.message);
    }
    if (name === 'chunk' && output !== null) onChunk(params);
  }

  function onChunk({ data }: JsonObject): void {
    const bytes = bytesIn(data);
    if (bytes === null) bad('/data', 'chunk');
    else if (heard !== null) bad('', 'one-response');
    else streamed.push(bytes);
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
    return heard === null ? null : scrubJudged(heard, scrubber);
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
