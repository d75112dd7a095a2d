import { type CedarValueJson, type EntityJson, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { concerns } from './callable.ts';
import { actionIds, type PolicyMethod } from './catalogue.ts';
import type { Identity } from './identity.ts';
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

/**
 * Has Cedar decide by a slice. Cedar skips a policy that it cannot evaluate, so a forbid that errs would not forbid:
 * here any error denies.
 */
export function decide(
  slice: Slice,
  identity: Identity,
  { action, resource, entities }: AskedMethod,
  context: Record<string, CedarValueJson>,
): Decision {
  if (slice.setName === null) return DENIED;
  const answer = statefulIsAuthorized({
    principal: identity.entity.uid,
    action,
    resource,
    context,
    preparsedPolicySetId: slice.setName,
    entities: [...slice.showIdentity(identity), ...entities],
  });
  if (answer.type === 'failure') return { ...NOT_JUDGED, errors: Math.max(1, answer.errors.length) };
  const { decision, diagnostics } = answer.response;
  const errors = diagnostics.errors.length;
  const deciding = errors > 0 ? diagnostics.errors.map((error) => error.policyId) : diagnostics.reason;
  const policies = deciding.flatMap((number) => slice.policies[Number(number)] ?? []);
  // Cedar knows nothing of where a caller stands.
  const counting = policies.filter((policy) => errors > 0 || concerns(policy, identity));
  return {
    permitted: decision === 'allow' && errors === 0 && counting.length > 0,
    policies: counting.map(({ id }) => id).toSorted(),
    errors,
  };
}
