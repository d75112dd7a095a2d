import type { Caller } from '../../shared/caller.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import type { RequestId } from '../frame/envelope.ts';
import type { EarlyEnd } from './early-end.ts';
import type { WaitingLine } from './stream-lines.ts';

/** A caller's connection, as stages see it. */
export interface ClientSession {
  readonly number: number;
  /** From the kernel, by the monitor, at accept. */
  readonly caller: Caller;
  /**
   * Sends a notification. Without `isLast` only where the caller has read what came before.
   * @returns whether it was sent; true also where the caller has gone
   */
  notify(method: string, params: JsonObject, isLast: boolean): boolean;
  /** Sends a notification once the caller has read what came before. Null: it is sent, or the caller has gone. */
  stream(method: string, params: JsonObject): WaitingLine | null;
  /**
   * Cancels this caller's own calls with this id on this connection.
   * @param except the one that asks
   * @returns whether there was one
   */
  cancel(id: RequestId, except: EarlyEnd): boolean;
}
