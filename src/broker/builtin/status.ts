import type { JsonValue } from '../../shared/json-value.ts';
import type { BuiltIn } from './built-in.ts';

/** What the monitor told of itself, and what the broker counts. */
export interface DaemonState {
  readonly version: string;
  readonly build: string;
  readonly rootless: boolean;
  /** ISO 8601. */
  readonly started: string;
  readonly audit: { readonly state: 'writing' | 'failing'; readonly refused: number };
  readonly sessions: number;
  readonly callsInFlight: number;
}

/** `rpc.status`: what runs, how drivers are held, and what is weaker than it could be. */
export function statusMethod(state: () => DaemonState): BuiltIn {
  return {
    name: 'rpc.status',
    needsPermit: true,
    summary: 'Tells what runs and how drivers are held.',
    answer(_caller, generation) {
      const { version, build, rootless, started, audit, sessions, callsInFlight } = state();
      const { development, audit: auditSettings } = generation.settings;
      const drivers: JsonValue[] = [...generation.plans].map(([name, { way, uid, degraded }]) => {
        const methods = [...generation.methods.values()].filter((method) => method.profile === name);
        return { name, way, uid, degraded, methods: methods.map((method) => method.name) };
      });
      const warnings = [
        ...(development ? ['this is a development configuration: not for production'] : []),
        ...(rootless
          ? ['rootless: broker and drivers share one user and are told apart by their sandboxes alone']
          : []),
        ...(auditSettings.durability === 'outcome'
          ? []
          : [`audit.durability is ${auditSettings.durability}`]),
      ];
      return {
        ...{ version, build, development, rootless, started, generation: generation.number },
        audit: { durability: auditSettings.durability, ...audit },
        ...{ sessions, calls_in_flight: callsInFlight, drivers, warnings },
      };
    },
  };
}
