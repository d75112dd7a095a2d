import type { Caller } from '../../shared/caller.ts';
import type { JsonValue } from '../../shared/json-value.ts';
import type { Generation } from '../configuration/generation.ts';

/** A method of driverd itself; all of them are `rpc.*`, which JSON-RPC 2.0 section 8 reserves. */
export interface BuiltIn {
  readonly name: string;
  /** Without one it shows only what is the caller's own. */
  readonly needsPermit: boolean;
  readonly summary: string;
  answer(caller: Caller, generation: Generation): JsonValue;
}
