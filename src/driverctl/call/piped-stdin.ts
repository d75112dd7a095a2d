import type { JsonObject } from '../../shared/json-value.ts';
import type { MethodDescription } from '../client/discover.ts';
import type { Input } from '../invocation.ts';
import { toWire } from './bytes.ts';
import { type Params, STDIN_LIMIT_BYTES } from './params.ts';

/**
 * The params with what is piped into driverctl as the param that the method's manifest names for the program's standard
 * input. Nothing is read where the method has none, where that param was given, or from a terminal.
 * Throws `Failure` (usage) over the limit.
 */
export async function withPipedStdin(
  method: MethodDescription,
  params: Params,
  stdin: Input,
): Promise<JsonObject> {
  const name = method.stdin;
  if (name === null || params.readStdin || stdin.isTerminal || name in params.values) return params.values;
  return { ...params.values, [name]: toWire(await stdin.readAll(STDIN_LIMIT_BYTES)) };
}
