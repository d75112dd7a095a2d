import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import type { Generation } from '../configuration/generation.ts';
import type { ClientSession } from '../connection/client-session.ts';
import type { EarlyEnd } from '../connection/early-end.ts';
import type { Metadata } from '../frame/metadata.ts';
import { type CompiledSchema, compileSchema } from '../validate/schema.ts';

/** Who asks, and what. */
export interface BuiltInCall {
  readonly session: ClientSession;
  /** Ends a wait. */
  readonly early: EarlyEnd;
  /** Valid by the method's schema. */
  readonly params: JsonObject;
  readonly metadata: Metadata;
}

/** A JSON Schema of params, and the same compiled, which it is when it is first asked: so that a start does not wait for them. */
export interface BuiltInParams {
  readonly schema: JsonObject;
  readonly compiled: CompiledSchema;
}

/** A method of driverd itself; all of them are `rpc.*`, which JSON-RPC 2.0 section 8 reserves. */
export interface BuiltIn {
  readonly name: string;
  /** Without one it shows only what is the caller's own. */
  readonly needsPermit: boolean;
  /** It is answered at once, however many calls are in flight. */
  readonly needsNoPlace?: true;
  readonly summary: string;
  /** What the refusal tells beside its reason where the call cannot be recorded. */
  toldUnrecorded?(): JsonObject;
  readonly params: BuiltInParams;
  /**
   * Whether what the params name is there. Asked only of a caller whom the policy permits these very params: for others
   * it looks the same whether it is there or not.
   * @returns the place of what is not, as a JSON pointer, or null
   */
  missing?(params: JsonObject, generation: Generation): string | null;
  answer(call: BuiltInCall, generation: Generation): JsonValue | Promise<JsonValue>;
}

export function builtInParams(properties: JsonObject, required: readonly string[]): BuiltInParams {
  const schema: JsonObject = { type: 'object', additionalProperties: false, properties, required };
  let compiled: CompiledSchema | null = null;
  return {
    schema,
    compiled: {
      check(value) {
        compiled ??= compileSchema(schema, 'params', 'params');
        return compiled.check(value);
      },
    },
  };
}

export const NO_PARAMS = builtInParams({}, []);
