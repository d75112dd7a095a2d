import { type CedarValueJson, type EntityJson, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { concerns } from './callable.ts';
import { actionIds, type PolicyMethod } from './catalogue.ts';
import type { Identity } from './identity.ts';
import type { ParsedPolicy } from './parse.ts';
import { shown } from './shown.ts';
import type { Slice } from './slice.ts';

/** What the policy said of one call. */
export interface Decision {
  readonly permitted: boolean;
  /** Ids of the policies that decided, or that could not be evaluated; empty: no policy permits it. */
  readonly policies: readonly string[];
  /** Evaluation errors. With any, the call is denied. */
  readonly errors: number;
}

/** No policy permits it. */
export const DENIED: Decision = { permitted: false, policies: [], errors: 0 };

/** The call could not be judged at all. */
export const NOT_JUDGED: Decision = { permitted: false, policies: [], errors: 1 };

/** A method as Cedar sees it: its action in its groups, and the resource in its driver. */
export interface MethodEntities {
  readonly action: EntityJson;
  readonly resource: EntityJson;
}

export function methodEntities(method: PolicyMethod): MethodEntities {
  const groups = actionIds(method).filter((id) => id !== method.name);
  return {
    action: {
      uid: { type: 'Action', id: method.name },
      attrs: {},
      parents: groups.map((id) => ({ type: 'Action', id })),
    },
    resource: {
      uid: { type: 'Method', id: method.name },
      attrs: {
        destructive: method.destructive,
        idempotent: method.idempotent,
        tags: [...method.tags],
        capabilities: [...method.capabilities],
      },
      parents: [{ type: 'Driver', id: method.driver }],
    },
  };
}

/** A method, as the policies of its slice can see it. */
export interface AskedMethod {
  readonly action: EntityJson['uid'];
  readonly resource: EntityJson['uid'];
  readonly entities: readonly EntityJson[];
}

export function askedMethod(method: PolicyMethod, { looked }: Slice): AskedMethod {
  const { action, resource } = methodEntities(method);
  return { action: action.uid, resource: resource.uid, entities: shown([action, resource], looked) };
}

/** What Cedar said of one set. */
type Answer = ReturnType<typeof statefulIsAuthorized>;

/**
 * Has Cedar decide by a slice. Cedar skips a policy that it cannot evaluate, so a forbid that errs would not forbid:
 * here any error denies. Several sets are one: a forbid of any denies, else a permit of any permits
 * (docs.cedarpolicy.com, "Authorization").
 */
export function decide(
  slice: Slice,
  identity: Identity,
  { action, resource, entities }: AskedMethod,
  context: Record<string, CedarValueJson>,
): Decision {
  const sets = slice.setsFor(identity);
  if (sets.length === 0) return DENIED;
  const shownEntities = [...slice.showIdentity(identity), ...entities];
  const judged = sets.map(({ name, policies }) => {
    const answer = statefulIsAuthorized({
      principal: identity.entity.uid,
      ...{ action, resource, context },
      preparsedPolicySetId: name,
      entities: shownEntities,
    });
    return judgedOf(answer, policies);
  });
  const errors = judged.reduce((sum, one) => sum + one.errors, 0);
  if (errors > 0) return { ...named(judged.flatMap(({ erring }) => erring)), permitted: false, errors };
  const isForbidden = judged.some(({ says }) => says === 'forbid');
  const counting = judged
    .flatMap(({ says, deciding }) => (says === (isForbidden ? 'forbid' : 'permit') ? deciding : []))
    // Cedar knows nothing of where a caller stands.
    .filter((policy) => concerns(policy, identity));
  return { ...named(counting), permitted: !isForbidden && counting.length > 0, errors };
}

/** One set's part of a decision. */
interface Judged {
  /** What its policies come to; nothing: none of them is satisfied. */
  readonly says: 'permit' | 'forbid' | 'nothing';
  /** Which of them. */
  readonly deciding: readonly ParsedPolicy[];
  readonly erring: readonly ParsedPolicy[];
  readonly errors: number;
}

function judgedOf(answer: Answer, policies: readonly ParsedPolicy[]): Judged {
  if (answer.type === 'failure') {
    return { says: 'nothing', deciding: [], erring: [], errors: Math.max(1, answer.errors.length) };
  }
  const { decision, diagnostics } = answer.response;
  const numbered = (numbers: readonly string[]): readonly ParsedPolicy[] =>
    numbers.flatMap((number) => policies[Number(number)] ?? []);
  const denies = diagnostics.reason.length > 0 ? 'forbid' : 'nothing';
  return {
    says: decision === 'allow' ? 'permit' : denies,
    deciding: numbered(diagnostics.reason),
    erring: numbered(diagnostics.errors.map(({ policyId }) => policyId)),
    errors: diagnostics.errors.length,
  };
}

function named(policies: readonly ParsedPolicy[]): Pick<Decision, 'policies'> {
  return { policies: policies.map(({ id }) => id).toSorted() };
}
