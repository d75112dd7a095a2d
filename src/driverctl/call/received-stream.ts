import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal, escapeJsonForTerminal } from '../../shared/terminal/escape.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { fromWire } from './bytes.ts';

/** What a method streams, printed as it comes. */
export interface ReceivedStream {
  /** Prints one `rpc.chunk`; one of another call is left out. Throws `Failure` (connection, output). */
  take(params: JsonObject): void;
  /** Throws `Failure` (connection) where the daemon says that it sent more chunks than came. */
  finish(meta: JsonObject): void;
  /** Whether there was one, if only an empty one; known at the reply. */
  readonly isOne: boolean;
  readonly bytes: number;
}

/**
 * Bytes as they are where a program reads them, safe text where a terminal does (U1), an object a line with `--json`.
 * @param token of the call
 */
export function receiveStream(
  { options, stdout }: Pick<Invocation, 'options' | 'stdout'>,
  token: string,
): ReceivedStream {
  let [chunks, bytes] = [0, 0];
  let isOne = false;

  function print(content: Buffer, params: JsonObject): void {
    if (options.json === true) {
      const { progressToken: _token, ...chunk } = params;
      stdout.write(`${escapeJsonForTerminal(JSON.stringify(chunk))}\n`);
    } else {
      stdout.write(
        stdout.isTerminal ? escapeForTerminal(content.toString(), { keepNewlines: true }) : content,
      );
    }
  }

  return {
    take(params) {
      if (params['progressToken'] !== token) return;
      const content = contentOf(params);
      if (content === null || params['sequence'] !== chunks)
        throw new Failure('connection', 'Cannot read the stream: a chunk is malformed or missing');
      isOne = true;
      chunks += 1;
      bytes += content.length;
      print(content, params);
    },
    finish({ stream }) {
      isOne ||= stream !== undefined;
      const said = stream !== undefined && isJsonObject(stream) ? stream['chunks'] : 0;
      if (said !== chunks) throw new Failure('connection', 'Cannot read the stream: its end is missing');
    },
    get isOne() {
      return isOne;
    },
    get bytes() {
      return bytes;
    },
  };
}

/** The bytes of a chunk, each line with its end; null: it is malformed. */
function contentOf({ data, lines }: JsonObject): Buffer | null {
  if (data !== undefined) return fromWire(data);
  if (!Array.isArray(lines) || !lines.every((line: JsonValue) => typeof line === 'string')) return null;
  return Buffer.from(lines.map((line) => `${line}\n`).join(''));
}
