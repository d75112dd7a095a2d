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

/**
 * Sets that policies of single users are dealt out to, at most: a load makes each set ready in Cedar, which takes longer than
 * its policies alone, and a caller with many names is asked about once for each set that names one of them.
 */
const USER_SETS = 32;

/** Policies of a slice in parts: those for anyone, and by user those that concern only them and some others. */
interface Parts {
  readonly forAnyone: readonly ParsedPolicy[];
  readonly forUsers: readonly (readonly ParsedPolicy[])[];
  /** Which of `forUsers` a user's policies are in. */
  readonly places: ReadonlyMap<string, number>;
}

/**
 * Sets apart the policies whose scope names one user: Cedar looks at every policy of a set for every decision, and nearly all
 * of those are for somebody else. A caller has one uid, and hardly ever more than one name of it, so that Cedar is asked
 * some three times; of groups and roles one may have many.
 */
function partByUser(policies: readonly ParsedPolicy[]): Parts {
  const places = new Map<string, number>();
  if (policies.length < PARTED_FROM_POLICIES) return { forAnyone: policies, forUsers: [], places };
  const forAnyone: ParsedPolicy[] = [];
  const forUsers: ParsedPolicy[][] = [];
  for (const policy of policies) {
    const { principal } = policy.scope;
    if (principal === null || !isUser(principal)) {
      forAnyone.push(policy);
      continue;
    }
    const place = places.get(principal) ?? places.size % USER_SETS;
    places.set(principal, place);
    const part = forUsers[place] ?? [];
    part.push(policy);
    forUsers[place] = part;
  }
  return { forAnyone, forUsers, places };
}

function isUser(principal: string): boolean {
  return principal.startsWith('Uid::') || principal.startsWith('User::');
}

function keepSet(policies: readonly ParsedPolicy[]): PolicySet {
  const numbered = Object.fromEntries(policies.map((policy, index) => [String(index), policy.text]));
  return { name: keepPolicySet(numbered), policies };
}

function createSlice(policies: readonly ParsedPolicy[]): Slice {
  const { forAnyone, forUsers, places } = partByUser(policies);
  const anyone = forAnyone.length === 0 ? [] : [keepSet(forAnyone)];
  const ofUsers = forUsers.map(keepSet);
  const looked = lookedAt(policies);
  return {
    ...{ policies, sets: [...anyone, ...ofUsers] },
    setsFor({ memberships }) {
      const own = new Set([...memberships].flatMap((membership) => places.get(membership) ?? []));
      return [...anyone, ...[...own].flatMap((place) => ofUsers[place] ?? [])];
    },
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
