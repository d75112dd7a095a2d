import type { EntityJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { Catalogue, PolicyMethod } from './catalogue.ts';
import { appliesTo } from './coverage.ts';
import type { Identity } from './identity.ts';
import type { ParsedPolicy } from './parse.ts';
import { PolicyError } from './policy-error.ts';
import { SLICED_POLICY_COUNT } from './policy-limits.ts';
import { dropPolicySet, keepPolicySet } from './preparsed.ts';
import { type Looked, lookedAt, showingIdentities } from './shown.ts';

/** Policies of which Cedar is asked together: it keeps them under this name, numbered as here. */
export interface PolicySet {
  readonly name: string;
  readonly policies: readonly ParsedPolicy[];
}

/** The policies that have a say in calls of a method; methods with the same ones share a slice. */
export interface Slice {
  readonly policies: readonly ParsedPolicy[];
  /** Each policy is in one of them. */
  readonly sets: readonly PolicySet[];
  /** Those that can have a say for this caller; none: all is denied. */
  readonly setsFor: (identity: Identity) => readonly PolicySet[];
  readonly looked: Looked;
  /** The caller, as they can see it. */
  readonly showIdentity: (identity: Identity) => readonly EntityJson[];
}

export interface Slices {
  readonly byMethod: ReadonlyMap<string, Slice>;
  /** Gives the sets back; nothing may be decided after it. */
  release(): void;
}

/**
 * Fewer policies than these are one set: Cedar looks at a policy in some microseconds, and asking it once more costs as
 * much as a dozen.
 */
const PARTED_FROM_POLICIES = 32;

/** What an identity must be for a set of policies to concern it; null: it may concern anyone. */
type SetKey = string | null;

/**
 * Sets apart the policies whose scope names one user: Cedar looks at every policy of a set for every decision, and those
 * are for somebody else. A caller has one uid, and hardly ever more than one name of it, so that Cedar is asked three
 * times at most; of groups and roles one may have many.
 */
function partByUser(policies: readonly ParsedPolicy[]): ReadonlyMap<SetKey, readonly ParsedPolicy[]> {
  if (policies.length === 0) return new Map();
  if (policies.length < PARTED_FROM_POLICIES) return new Map([[null, policies]]);
  return Map.groupBy(policies, ({ scope }) => (isUser(scope.principal) ? scope.principal : null));
}

function isUser(principal: string | null): boolean {
  return principal !== null && (principal.startsWith('Uid::') || principal.startsWith('User::'));
}

function keepSet(policies: readonly ParsedPolicy[]): PolicySet {
  const numbered = Object.fromEntries(policies.map((policy, index) => [String(index), policy.text]));
  return { name: keepPolicySet(numbered), policies };
}

function createSlice(policies: readonly ParsedPolicy[]): Slice {
  const parts = [...partByUser(policies)];
  const sets = new Map(parts.map(([key, part]) => [key, keepSet(part)]));
  const looked = lookedAt(policies);
  return {
    ...{ policies, sets: [...sets.values()] },
    setsFor: ({ memberships }) => [null, ...memberships].flatMap((key) => sets.get(key) ?? []),
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
      for (const { sets } of slices.values()) for (const { name } of sets) dropPolicySet(name);
    },
  };
}
