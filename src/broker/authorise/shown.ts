import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Identity } from './identity.ts';
import { entityKey } from './literals.ts';
import type { ParsedPolicy } from './parse.ts';
import { entityName } from './scope.ts';

/**
 * All that the policies of a slice can look at. Cedar reads what it is shown anew for each decision, and each entity,
 * parent and attribute takes it 3 to 10 µs, about as long as a policy: so it is shown nothing else.
 */
export interface Looked {
  /** Keys of the entities that a scope or a condition names: to be in any other is a question that nobody asks. */
  readonly entities: ReadonlySet<string>;
  /** Names of attributes, of whatever they are asked. */
  readonly attributes: ReadonlySet<string>;
  /** Names of the context's members. */
  readonly context: ReadonlySet<string>;
  /** Names of params; null: the params as a whole. */
  readonly params: ReadonlySet<string> | null;
}

export function lookedAt(policies: readonly ParsedPolicy[]): Looked {
  const conditions = policies.map((policy) => policy.conditions);
  const params = conditions.map((one) => one.params);
  return {
    entities: new Set(policies.flatMap((policy) => [...inScope(policy), ...policy.conditions.entities])),
    attributes: new Set(conditions.flatMap((one) => [...one.attributes])),
    context: new Set(conditions.flatMap((one) => [...one.context])),
    params: params.includes(null) ? null : new Set(params.flatMap((names) => [...(names ?? [])])),
  };
}

function inScope({ scope: { principal, actions, resource } }: ParsedPolicy): string[] {
  return [
    ...(principal === null ? [] : [principal]),
    ...[...(actions ?? [])].map((id) => entityKey('Action', id)),
    ...(resource === null ? [] : [entityKey(resource.type, resource.id)]),
  ];
}

/**
 * Entities with what is looked at, and without those of which nothing is: Cedar takes an entity that it is not shown for one
 * without attributes that lies in nothing but itself.
 */
export function shown(entities: readonly EntityJson[], looked: Looked): readonly EntityJson[] {
  return entities
    .map(({ uid, attrs, parents }) => ({
      uid,
      attrs: Object.fromEntries(Object.entries(attrs).filter(([name]) => looked.attributes.has(name))),
      parents: parents.filter((parent) => {
        const { type, id } = entityName(parent);
        return looked.entities.has(entityKey(type, id));
      }),
    }))
    .filter(({ attrs, parents }) => parents.length > 0 || Object.keys(attrs).length > 0);
}

/** The same for callers, remembered for as long as the identity is. */
export function showingIdentities(looked: Looked): (identity: Identity) => readonly EntityJson[] {
  const remembered = new WeakMap<Identity, readonly EntityJson[]>();
  return (identity) => {
    const known = remembered.get(identity);
    if (known !== undefined) return known;
    const made = shown([identity.entity], looked);
    remembered.set(identity, made);
    return made;
  };
}
