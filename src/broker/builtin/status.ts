import { type AuditCondition, type AuditState, auditWarnings } from '../../shared/audit/conditions.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import type { Generation } from '../configuration/generation.ts';
import { type BuiltIn, NO_PARAMS } from './built-in.ts';

/** What the monitor told of itself, and what the broker counts. */
export interface DaemonState {
  readonly version: string;
  readonly build: string;
  readonly rootless: boolean;
  /** ISO 8601. */
  readonly started: string;
  readonly audit: {
    readonly state: AuditState;
    readonly refused: number;
    readonly conditions: readonly AuditCondition[];
  };
  readonly sessions: number;
  readonly callsInFlight: number;
  /** ISO 8601, or null. */
  readonly pausedSince: string | null;
}

/**
 * `rpc.status`: what runs, how drivers are held, and what is weaker than it could be.
 * @param poolOf what of a profile stands ready; null: it has no pool
 */
export function statusMethod(
  state: () => DaemonState,
  poolOf: (profile: string) => JsonObject | null,
): BuiltIn {
  return {
    name: 'rpc.status',
    needsPermit: true,
    summary: 'Tells what runs and how drivers are held.',
    toldUnrecorded() {
      const { state: written, conditions } = state().audit;
      return { audit: { state: written, conditions } };
    },
    params: NO_PARAMS,
    answer(_call, generation) {
      const { version, build, rootless, started, audit, sessions, callsInFlight, pausedSince } = state();
      const { development, audit: auditSettings } = generation.settings;
      const drivers: JsonValue[] = [...generation.plans].map(([name, { isolation, asksMore, widened }]) => {
        const { way, uid, degraded } = isolation;
        const pool = poolOf(name);
        const methods = [...generation.methods.values()].filter((method) => method.profile === name);
        return {
          ...{ name, way, uid, degraded, methods: methods.map((method) => method.name) },
          ...{ asks_not_granted: asksMore, widened },
          ...(pool === null ? {} : { pool }),
        };
      });
      const warnings = [
        ...(pausedSince === null ? [] : [`paused since ${pausedSince}: calls of drivers are refused`]),
        ...(development ? ['this is a development configuration: not for production'] : []),
        ...(rootless
          ? ['rootless: broker and drivers share one user and are told apart by their sandboxes alone']
          : []),
        ...auditWarnings(audit.state, audit.conditions),
        ...(auditSettings.durability === 'outcome'
          ? []
          : [`audit.durability is ${auditSettings.durability}`]),
      ];
      return {
        ...{ version, build, development, rootless, started, generation: generation.number },
        audit: { durability: auditSettings.durability, ...audit },
        ...{ sessions, calls_in_flight: callsInFlight, paused_since: pausedSince, drivers, warnings },
        ...{ asks_not_granted: count(generation, 'asksMore'), grants_widened: count(generation, 'widened') },
      };
    },
  };
}

function count({ plans }: Generation, what: 'asksMore' | 'widened'): number {
  return [...plans.values()].reduce((sum, plan) => sum + plan[what].length, 0);
}
