import { preparsePolicySet } from '@cedar-policy/cedar-wasm/nodejs';

/**
 * Names of policy sets that Cedar holds but nobody uses. Cedar keeps every set that it was ever given a name for, so
 * names are used again: memory is then bounded by the sets of the generations that are alive at one time.
 */
const unusedNames: string[] = [];
let namesMade = 0;

/** Has Cedar parse and keep a policy set. @returns the name to ask it by */
export function keepPolicySet(policies: Readonly<Record<string, string>>): string {
  const name = unusedNames.pop() ?? `set-${namesMade++}`;
  const answer = preparsePolicySet(name, { staticPolicies: policies });
  if (answer.type === 'success') return name;
  unusedNames.push(name);
  throw new Error(`Cannot prepare a policy set: ${answer.errors[0]?.message ?? 'Cedar does not accept it'}`);
}

/** Has Cedar forget a policy set. */
export function dropPolicySet(name: string): void {
  preparsePolicySet(name, { staticPolicies: {} });
  unusedNames.push(name);
}
