import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Catalogue, PolicyMethod } from './catalogue.ts';
import { appliesTo } from './coverage.ts';
import type { Identity } from './identity.ts';
import type { ParsedPolicy } from './parse.ts';
import { PolicyError } from './policy-error.ts';
import { SLICED_POLICY_COUNT } from './policy-limits.ts';
import { dropPolicySet, keepPolicySet } from './preparsed.ts';
import { type Looked, lookedAt, showingIdentities } from './shown.ts';

/** The policies that have a say in calls of a method; methods with the same ones share a slice. */
export interface Slice {
  readonly policies: readonly ParsedPolicy[];
  /** Name of the set that Cedar keeps; in it, policies are numbered as in `policies`. null: no policies, all is denied. */
  readonly setName: string | null;
  readonly looked: Looked;
  /** The caller, as they can see it. */
  readonly showIdentity: (identity: Identity) => readonly EntityJson[];
}

export interface Slices {
  readonly byMethod: ReadonlyMap<string, Slice>;
  /** Gives the sets back; nothing may be decided after it. */
  release(): void;
}

function createSlice(policies: readonly ParsedPolicy[]): Slice {
  const numbered = Object.fromEntries(policies.map((policy, index) => [String(index), policy.text]));
  const looked = lookedAt(policies);
  return {
    policies,
    setName: policies.length === 0 ? null : keepPolicySet(numbered),
    ...{ looked, showIdentity: showingIdentities(looked) },
  };
}

function memberships(policies: readonly ParsedPolicy[], method: PolicyMethod): number[] {
  return policies.flatMap((policy, index) => (appliesTo(policy, method) ? [index] : []));
}

/**
 * Cuts a policy set by method, so that a decision looks only at its own policies: Cedar looks at every policy of a
 * set for every decision.
 *
 * @throws PolicyError if the slices hold more than SLICED_POLICY_COUNT policies together
 */
export function createSlices(policies: readonly ParsedPolicy[], catalogue: Catalogue): Slices {
  const members = new Map<string, readonly number[]>();
  const keys = new Map<string, string>();
  for (const method of catalogue.methods.values()) {
    const indices = memberships(policies, method);
    const key = indices.join(',');
    members.set(key, indices);
    keys.set(method.name, key);
  }
  const total = [...members.values()].reduce((sum, indices) => sum + indices.length, 0);
  if (total > SLICED_POLICY_COUNT) {
    throw new PolicyError(
      null,
      `its policies apply ${total} times, over the limit of ${SLICED_POLICY_COUNT}`,
    );
  }
  const slices = new Map<string, Slice>();
  for (const [key, indices] of members) {
    slices.set(
      key,
      createSlice(indices.map((index) => policies[index]).filter((policy) => policy !== undefined)),
    );
  }
  const byMethod = new Map<string, Slice>();
  for (const [name, key] of keys) {
    const slice = slices.get(key);
    if (slice !== undefined) byMethod.set(name, slice);
  }
  return {
    byMethod,
    release() {
      for (const { setName } of slices.values()) if (setName !== null) dropPolicySet(setName);
    },
  };
}
