import type { RecordType } from './params-type.ts';
import { PolicyError } from './policy-error.ts';

/** What a policy can know of a method: a driver's (`disk.usage`) or a built-in one (`rpc.status`, driver `rpc`). */
export interface PolicyMethod {
  readonly name: string;
  /** The profile's name, or `rpc`. */
  readonly driver: string;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly tags: readonly string[];
  /** Granted by the profile; empty for a built-in one. */
  readonly capabilities: readonly string[];
  readonly params: RecordType;
}

/** The group of all drivers' methods, and the prefix (also the group) of the built-in ones, which lie outside it. */
export const CALL = 'call';
export const BUILT_IN = 'rpc';

/** The methods that exist, and every action and driver that a policy may therefore name. */
export interface Catalogue {
  readonly methods: ReadonlyMap<string, PolicyMethod>;
  readonly drivers: ReadonlyMap<string, readonly PolicyMethod[]>;
  readonly actions: ReadonlySet<string>;
}

function tagAction(tag: string): string {
  return `tag:${tag}`;
}

/** Ids of the actions that name a method itself: its own and its tags'. Only these make a permit count for a destructive one. */
export function namingActions(method: PolicyMethod): string[] {
  return [method.name, ...method.tags.map(tagAction)];
}

/** Ids of the actions that a method's action is or lies in: its own, its tags', its driver's and, unless built in, `call`. */
export function actionIds(method: PolicyMethod): string[] {
  const groups = method.driver === BUILT_IN ? [method.driver] : [method.driver, CALL];
  return [...namingActions(method), ...groups];
}

/**
 * @throws PolicyError if two methods share a name, or a driver's name would make its action another one's
 */
export function createCatalogue(methods: readonly PolicyMethod[]): Catalogue {
  const byName = new Map<string, PolicyMethod>();
  const drivers = new Map<string, PolicyMethod[]>([[BUILT_IN, []]]);
  const actions = new Set([CALL, BUILT_IN]);
  for (const method of methods) {
    if (byName.has(method.name)) throw new PolicyError(null, `there are two methods ${method.name}`);
    if (method.driver === CALL || !method.name.startsWith(`${method.driver}.`)) {
      throw new PolicyError(null, `method ${method.name} cannot belong to a driver ${method.driver}`);
    }
    byName.set(method.name, method);
    drivers.set(method.driver, [...(drivers.get(method.driver) ?? []), method]);
    for (const action of actionIds(method)) actions.add(action);
  }
  return { methods: byName, drivers, actions };
}
