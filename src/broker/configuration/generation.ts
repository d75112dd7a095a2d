import type { MonitorControl } from '../../boundary/messages.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import { readSettings } from '../../shared/configuration/settings.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import { paramsType } from '../authorise/params-type.ts';
import { loadPolicy, type Policy, type PolicyFile, type PolicyMethod } from '../authorise/policy.ts';
import { createRoles, type RolesOf } from '../authorise/roles.ts';
import type { BuiltIn } from '../builtin/built-in.ts';
import { loadMethods, type Method } from '../catalogue/catalogue.ts';
import { type PoolSettings, poolSettings } from '../pool/pool-settings.ts';
import { refuseUnknownMembers, refuseUnknownOverrides } from './check-settings.ts';
import { type ConfiguredScrub, configureScrub } from './configured-scrub.ts';

type FileMessage = Extract<MonitorControl, { type: 'file' }>;
type NamesMessage = Extract<MonitorControl, { type: 'names' }>;
type PlanMessage = Extract<MonitorControl, { type: 'plan' }>;
type ScrubValueMessage = Extract<MonitorControl, { type: 'scrub-value' }>;

/** What the monitor sent of one generation, before it is parsed. */
export interface Offered {
  readonly files: readonly FileMessage[];
  readonly names: NamesMessage | null;
  readonly plans: readonly PlanMessage[];
  readonly scrubValues: readonly ScrubValueMessage[];
}

/** One whole configuration, as the broker understands it; calls keep the one that they began with. */
export interface Generation {
  readonly number: number;
  readonly settings: Settings;
  readonly methods: ReadonlyMap<string, Method>;
  readonly builtIns: ReadonlyMap<string, BuiltIn>;
  readonly policy: Policy;
  readonly rolesOf: RolesOf;
  readonly plans: ReadonlyMap<string, Pick<PlanMessage, 'isolation' | 'asksMore' | 'widened'>>;
  /** What of which driver is started before its calls. */
  readonly pools: ReadonlyMap<string, PoolSettings>;
  readonly scrub: ConfiguredScrub;
  /** Calls that keep it alive. */
  began(): void;
  ended(): void;
  /** Calls back when it is no longer the running one and its last call has ended. */
  retire(whenUnused: () => void): void;
}

/**
 * Parses everything of an offer.
 * @throws Error whose message names file, line where there is one, and reason
 */
export function buildGeneration(
  number: number,
  offered: Offered,
  unitsProvable: boolean,
  builtIns: readonly BuiltIn[],
): Generation {
  const bytesOf = (file: FileMessage): Uint8Array => Buffer.from(file.bytes, 'base64');
  const filesOf = (role: FileMessage['role']): readonly FileMessage[] =>
    offered.files.filter((file) => file.role === role);

  const [settingsFile] = filesOf('settings');
  if (settingsFile === undefined) throw new Error('Cannot load the configuration: no settings came');
  const readFile = readSettings(settingsFile.path, bytesOf(settingsFile));
  const settings = readFile.value;
  const scrub = configureScrub(readFile, offered.scrubValues);

  const methods = new Map<string, Method>();
  const pools = new Map<string, PoolSettings>();
  for (const file of filesOf('profile')) {
    const manifest = filesOf('manifest').find((candidate) => candidate.name === file.name);
    if (manifest === undefined) throw new Error(`Cannot load ${file.path}: its manifest did not come`);
    const profile = parseProfile(file.path, bytesOf(file)).value;
    for (const method of loadMethods(file.name, profile, manifest.path, bytesOf(manifest)))
      methods.set(method.name, method);
    const pool = poolSettings(profile);
    if (pool !== null) pools.set(file.name, pool);
  }

  const byName = (list: NamesMessage['users'] | undefined): Map<string, number> =>
    new Map((list ?? []).map(({ name, id }) => [name, id]));
  const names = { users: byName(offered.names?.users), groups: byName(offered.names?.groups) };
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const roles = new Map(Object.entries(settings.roles));
  refuseUnknownMembers(readFile, names);
  const policies = filesOf('policy').map(
    (file): PolicyFile => ({ file: file.path, text: decoder.decode(bytesOf(file)) }),
  );
  const builtInMethods = builtIns
    .filter(({ needsPermit }) => needsPermit)
    .map(({ name, params: { schema } }): PolicyMethod => {
      return {
        ...{ name, driver: 'rpc', destructive: false, idempotent: true, tags: [], capabilities: [] },
        params: paramsType(schema),
      };
    });
  const driverMethods = [...methods.values()].map(
    ({ name, profile, destructive, idempotent, tags, capabilities, paramsSchema }): PolicyMethod => {
      const params = paramsType(paramsSchema);
      return { name, driver: profile, destructive, idempotent, tags, capabilities, params };
    },
  );

  refuseUnknownOverrides(readFile, [...builtInMethods, ...driverMethods]);
  const policy = loadPolicy(policies, [...builtInMethods, ...driverMethods], names, { roles, unitsProvable });
  let calls = 0;
  let retired: (() => void) | undefined;
  return {
    number,
    settings,
    ...{ scrub, pools },
    methods,
    builtIns: new Map(builtIns.map((builtIn) => [builtIn.name, builtIn])),
    policy,
    rolesOf: createRoles(names, roles),
    plans: new Map(
      offered.plans.map(({ profile, isolation, asksMore, widened }) => [
        profile,
        { isolation, asksMore, widened },
      ]),
    ),
    began() {
      calls += 1;
    },
    ended() {
      calls -= 1;
      if (calls === 0) retired?.();
    },
    retire(whenUnused) {
      retired = () => {
        policy.release();
        whenUnused();
      };
      if (calls === 0) retired();
    },
  };
}
