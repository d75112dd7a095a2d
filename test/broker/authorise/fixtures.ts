import { paramsType } from '../../../src/broker/authorise/params-type.ts';
import {
  type Circumstances,
  type Decision,
  loadPolicy,
  type Policy,
  type PolicyMethod,
  type ResolvedNames,
  type Roles,
} from '../../../src/broker/authorise/policy.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';

/** Params of every method here. */
export const PARAMS = paramsType({
  type: 'object',
  additionalProperties: false,
  required: ['path', 'depth'],
  properties: {
    path: { type: 'string' },
    depth: { type: 'integer' },
    x: { type: 'integer' },
    word: { type: 'string' },
  },
});

export function method(name: string, marks: Partial<PolicyMethod> = {}): PolicyMethod {
  const driver = name.slice(0, name.indexOf('.'));
  return {
    ...{ name, driver, destructive: false, idempotent: true, tags: [], capabilities: [] },
    params: PARAMS,
    ...marks,
  };
}

export const METHODS: readonly PolicyMethod[] = [
  method('disk.usage', { tags: ['storage'] }),
  method('disk.largest', { tags: ['storage', 'slow'], idempotent: false }),
  method('host.info'),
  method('snapshot.list'),
  method('snapshot.remove', { destructive: true, idempotent: false, tags: ['cleanup'] }),
  method('rpc.status'),
  method('rpc.reload'),
];

/** `1000` is also the name of the user 2000, and `toor` another name of root. */
export const NAMES: ResolvedNames = {
  users: new Map([
    ['root', 0],
    ['toor', 0],
    ['bob', 1000],
    ['eve', 1001],
    ['1000', 2000],
  ]),
  groups: new Map([
    ['ops', 27],
    ['storage', 30],
    ['bob', 1000],
  ]),
};

/** What the kernel need not say of a caller. */
export const NOT_KNOWN = {
  ...{ pidProven: true, unit: null, container: null, loginUid: null, loginSession: null },
} as const;

export function caller(parts: Partial<Caller> = {}): Caller {
  return { uid: 1000, gid: 1000, groups: [], pid: 4242, ...NOT_KNOWN, ...parts };
}

export const ROLES: Roles = new Map([
  ['people', { users: ['bob'], groups: ['storage'], units: [] }],
  ['machines', { users: [], groups: [], units: ['backup.service'] }],
  ['nobody', { users: [], groups: [], units: [] }],
]);

export const CIRCUMSTANCES: Circumstances = { at: new Date(0), traceId: undefined, isolation: undefined };

/** Decides with the params that the methods here always have. */
export function authorise(policy: Policy, who: Caller, name: string, params: JsonObject = {}): Decision {
  return policy.authorise(who, name, { path: '/', depth: 0, ...params }, CIRCUMSTANCES);
}

export function load(text: string, methods: readonly PolicyMethod[] = METHODS, unitsProvable = true): Policy {
  return loadPolicy([{ file: 'test.cedar', text }], methods, NAMES, { roles: ROLES, unitsProvable });
}
