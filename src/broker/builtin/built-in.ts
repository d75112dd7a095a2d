import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import type { Generation } from '../configuration/generation.ts';
import type { ClientSession } from '../connection/client-session.ts';

/** Who asks. */
export interface BuiltInCall {
  readonly session: ClientSession;
}

/** A method of driverd itself; all of them are `rpc.*`, which JSON-RPC 2.0 section 8 reserves. */
export interface BuiltIn {
  readonly name: string;
  /** Without one it shows only what is the caller's own. */
  readonly needsPermit: boolean;
  readonly summary: string;
  /** What the refusal tells beside its reason where the call cannot be recorded. */
  toldUnrecorded?(): JsonObject;
  answer(call: BuiltInCall, generation: Generation): JsonValue | Promise<JsonValue>;
}
