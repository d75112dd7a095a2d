import { actionIds, BUILT_IN, CALL, type Catalogue, namingActions, type PolicyMethod } from './catalogue.ts';
import type { ParsedPolicy } from './parse.ts';
import { PolicyError } from './policy-error.ts';

function actionMatches(policy: ParsedPolicy, method: PolicyMethod): boolean {
  const { actions } = policy.scope;
  return actions === null || actionIds(method).some((id) => actions.has(id));
}

function resourceMatches(policy: ParsedPolicy, method: PolicyMethod): boolean {
  const { resource } = policy.scope;
  if (resource === null) return true;
  return resource.id === (resource.type === 'Driver' ? method.driver : method.name);
}

/** A permit reaches a destructive method only by the name of its action or of one of its tags. */
function namesEnough(policy: ParsedPolicy, method: PolicyMethod): boolean {
  if (!method.destructive || policy.effect === 'forbid') return true;
  return namingActions(method).some((id) => policy.scope.actions?.has(id) === true);
}

/** Whether a policy has a say in calls of a method, whoever calls. */
export function appliesTo(policy: ParsedPolicy, method: PolicyMethod): boolean {
  return actionMatches(policy, method) && resourceMatches(policy, method) && namesEnough(policy, method);
}

/**
 * Whether a policy's scope spans a driver, also methods that the driver does not have.
 *
 * @param driver a driver's name or `rpc`; null: everything in `call`
 */
export function spans(policy: ParsedPolicy, driver: string | null): boolean {
  const { actions, resource } = policy.scope;
  const group = driver === BUILT_IN ? [] : [CALL];
  const wanted = driver === null ? group : [driver, ...group];
  const actionSpans = actions === null || wanted.some((id) => actions.has(id));
  return actionSpans && (resource === null || (resource.type === 'Driver' && resource.id === driver));
}

/**
 * Refuses a policy whose action and resource exclude each other. A side that matches no method because none is enabled
 * yet (`Action::"call"` with no driver) is no contradiction.
 *
 * @throws PolicyError
 */
export function refuseContradiction(policy: ParsedPolicy, catalogue: Catalogue): void {
  const byAction = [...catalogue.methods.values()].filter((method) => actionMatches(policy, method));
  const byResource = [...catalogue.methods.values()].filter((method) => resourceMatches(policy, method));
  if (byAction.length === 0 || byResource.length === 0) return;
  if (byAction.some((method) => resourceMatches(policy, method))) return;
  throw new PolicyError(
    policy.location,
    'its scope can never match: no method has both this action and this resource',
  );
}
