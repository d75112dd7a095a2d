import {
  loadPolicy,
  type Policy,
  type PolicyMethod,
  type ResolvedNames,
} from '../../../src/broker/authorise/policy.ts';
import type { Caller } from '../../../src/shared/caller.ts';

export function method(name: string, marks: Partial<PolicyMethod> = {}): PolicyMethod {
  const driver = name.slice(0, name.indexOf('.'));
  return { name, driver, destructive: false, idempotent: true, tags: [], ...marks };
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

export function caller(parts: Partial<Caller> = {}): Caller {
  return { uid: 1000, gid: 1000, groups: [], pid: 4242, unit: null, ...parts };
}

export function load(text: string, methods: readonly PolicyMethod[] = METHODS, unitsProvable = true): Policy {
  return loadPolicy([{ file: 'test.cedar', text }], methods, NAMES, { unitsProvable });
}
