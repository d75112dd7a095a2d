import { BUILT_IN, type Catalogue } from './catalogue.ts';
import { spans } from './coverage.ts';
import type { Identity } from './identity.ts';
import type { ParsedPolicy } from './parse.ts';
import type { Slices } from './slice.ts';

/** The questions that are answered by scopes alone, before params are looked at. */
export interface ScopeQuestions {
  callable(identity: Identity, method: string): boolean;
  /** Ids of forbids without conditions that concern this. */
  forbidding(identity: Identity, method: string): readonly string[];
  coversDriver(identity: Identity, driver: string): boolean;
}

/**
 * Whether a policy can decide about this caller: its scope has them, and a permit is for where they are. One that does not
 * look at the container was not written for a caller in one, whose ids may be those of somebody else on the host.
 */
export function concerns(policy: ParsedPolicy, identity: Identity): boolean {
  const { scope, effect, conditions } = policy;
  if (scope.principal !== null && !identity.memberships.has(scope.principal)) return false;
  if (effect === 'forbid' || identity.standing === 'known') return true;
  return identity.standing === 'contained' && conditions.context.has('container');
}

function forbidsAlways({ effect, conditions }: ParsedPolicy): boolean {
  return effect === 'forbid' && !conditions.present;
}

/** Permits as if their conditions held, forbids only where they have none: a scope is then all there is to judge. */
function permitsSome(policies: readonly ParsedPolicy[], identity: Identity): boolean {
  const relevant = policies.filter((policy) => concerns(policy, identity));
  if (relevant.some(forbidsAlways)) return false;
  return relevant.some((policy) => policy.effect === 'permit');
}

/**
 * A scope asks only whether the principal is, or lies in, one entity; that is a look-up in a set, so Cedar is not
 * asked (a test holds the answers to Cedar's for the same policies with their conditions emptied).
 */
export function createScopeQuestions(
  policies: readonly ParsedPolicy[],
  catalogue: Catalogue,
  slices: Slices,
): ScopeQuestions {
  /** What would decide about a method that does not exist, so that asking for one costs the same as for another. */
  const everywhere = policies.filter((policy) => spans(policy, null));
  const driverNames = [...catalogue.drivers.keys(), null];
  const unconditionalPermits = policies.filter((one) => one.effect === 'permit' && !one.conditions.present);
  const spanning = new Map(
    driverNames.map((driver) => [driver, unconditionalPermits.filter((policy) => spans(policy, driver))]),
  );

  const callable = (identity: Identity, method: string): boolean => {
    const slice = slices.byMethod.get(method);
    const permitted = permitsSome(slice?.policies ?? everywhere, identity);
    return permitted && slice !== undefined;
  };

  return {
    callable,
    forbidding: (identity, method) =>
      (slices.byMethod.get(method)?.policies ?? everywhere)
        .filter((policy) => forbidsAlways(policy) && concerns(policy, identity))
        .map(({ id }) => id)
        .toSorted(),
    coversDriver(identity, driver) {
      const methods = catalogue.drivers.get(driver);
      const permits = spanning.get(methods === undefined ? null : driver) ?? [];
      if (!permits.some((policy) => concerns(policy, identity))) return false;
      const everyMethod = methods ?? [...catalogue.methods.values()].filter((one) => one.driver !== BUILT_IN);
      return everyMethod.every((method) => callable(identity, method.name));
    },
  };
}
