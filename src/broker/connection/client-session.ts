import type { Caller } from '../../shared/caller.ts';
import type { JsonObject } from '../../shared/json-value.ts';

/** A caller's connection, as stages see it. */
export interface ClientSession {
  readonly number: number;
  /** From the kernel, by the monitor, at accept. */
  readonly caller: Caller;
  /** Aborts when the caller has gone: its calls are cancelled. */
  readonly gone: AbortSignal;
  /** Sends `rpc.progress` where the call had a token; left out while the caller does not read. */
  progress(token: string | number | undefined, progress: JsonObject): void;
}
