import { JsonRefused, parseJson } from '../../shared/json/parse.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';

/** How a command's stdout is read; `exit-status` leaves it out. */
export type Output = 'text' | 'lines' | 'json' | 'exit-status';

/**
 * The result of a command: `{exit_status, stdout}`, stdout as the manifest wants it. Text that is not UTF-8 becomes
 * `{"base64": …}`.
 * @returns null where stdout is not of that form
 */
export function commandResult(
  output: Output,
  exitStatus: number,
  stdout: Uint8Array,
  limits: { readonly depth: number; readonly keys: number },
): JsonObject | null {
  if (output === 'exit-status') return { exit_status: exitStatus };
  const read = readOutput(output, stdout, limits);
  return read === undefined ? null : { exit_status: exitStatus, stdout: read };
}

function readOutput(
  output: Exclude<Output, 'exit-status'>,
  stdout: Uint8Array,
  limits: { readonly depth: number; readonly keys: number },
): JsonValue | undefined {
  if (output === 'json') {
    try {
      return parseJson(stdout, limits);
    } catch (error) {
      if (!(error instanceof JsonRefused)) throw error;
      return undefined;
    }
  }
  const text = decode(stdout);
  if (output === 'text') return text ?? { base64: Buffer.from(stdout).toString('base64') };
  if (text === null) return undefined;
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return null;
  }
}
