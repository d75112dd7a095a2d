import type { JsonObject } from '../../shared/json-value.ts';
import type { Admitted } from '../call.ts';
import type { Method } from '../catalogue/catalogue.ts';
import { commandInput, gateInput } from '../catalogue/command.ts';

export type PreparedInput =
  | {
      readonly ok: true;
      readonly bytes: Uint8Array;
      /** Control characters that were removed from environment values. */
      readonly removed: number;
    }
  | { readonly ok: false; readonly at: string; readonly rule: string };

/** What a driver gets on stdin: for `jsonrpc` one request line, for `command` the gate's lines and the program's stdin. */
export function prepareInput(method: Method, admitted: Admitted): PreparedInput {
  if (method.command === null) {
    return { ok: true, bytes: requestLine(method.localName, admitted), removed: 0 };
  }
  const input = commandInput(method.command, admitted.params);
  if (!input.ok) return input;
  const bytes = Buffer.concat([gateInput(input.environment, input.arguments), input.stdin]);
  return { ok: true, bytes, removed: input.removed };
}

function requestLine(name: string, { params, metadata }: Admitted): Uint8Array {
  const request: JsonObject = {
    ...{ jsonrpc: '2.0', id: 1, method: name, params },
    _meta: { progress: metadata.progressToken !== undefined },
  };
  return Buffer.from(`${JSON.stringify(request)}\n`);
}
