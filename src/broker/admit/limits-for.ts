import type { Settings } from '../../shared/configuration/types.generated.ts';

export type Limits = Settings['limits'];

/** Limits that hold from accept on, before a method is named. */
export const CONNECTION_LIMITS = [
  ...(['message_bytes', 'message_ms', 'nesting_depth', 'keys', 'batch_length'] as const),
  ...([
    'in_flight_per_connection',
    'connections_per_identity',
    'reply_buffer_bytes',
    'stream_stall_ms',
  ] as const),
];

/** What overrides can name of a method. */
export interface LimitedMethod {
  readonly name: string;
  /** The profile's name, or `rpc`. */
  readonly driver: string;
}

/**
 * The limits that hold for a caller, or for one method that it calls: of the overrides that match, the first that sets a
 * limit decides about that one; where none does, `limits` does.
 * @param method null: of the connection, before any method is named
 */
export function limitsFor(
  { limits, limit_overrides: overrides }: Settings,
  roles: readonly string[],
  method: LimitedMethod | null,
): Limits {
  if (overrides.length === 0) return limits;
  const matching = overrides.filter(
    (override) =>
      (override.roles === undefined || override.roles.some((role) => roles.includes(role))) &&
      (override.drivers === undefined || (method !== null && override.drivers.includes(method.driver))) &&
      (override.methods === undefined || (method !== null && override.methods.includes(method.name))),
  );
  const held: Limits = { ...limits };
  for (const override of matching.toReversed()) Object.assign(held, override.limits);
  return held;
}
