import type { Caller } from '../../shared/caller.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import { type BoundedMap, createBoundedMap } from './bounded-map.ts';
import { concerns, createScopeQuestions } from './callable.ts';
import { createCatalogue, type PolicyMethod } from './catalogue.ts';
import { checkTypes } from './check-types.ts';
import type { Circumstances } from './circumstances.ts';
import { contextFor } from './context.ts';
import { refuseContradiction } from './coverage.ts';
import { askedMethod, DENIED, type Decision, decide, NOT_JUDGED } from './decide.ts';
import { createIdentities, type Identity } from './identity.ts';
import type { ResolvedNames, Roles } from './literals.ts';
import { type ParsedPolicy, type PolicyFile, parsePolicies } from './parse.ts';
import type { PolicyLocation } from './policy-error.ts';
import { CACHED_IDENTITIES, CACHED_METHODS, METHOD_NAME_LENGTH } from './policy-limits.ts';
import { createRoles } from './roles.ts';
import { createSlices } from './slice.ts';

export type { PolicyMethod } from './catalogue.ts';
export type { Circumstances } from './circumstances.ts';
export type { Decision } from './decide.ts';
export type { ResolvedNames, RoleMembers, Roles } from './literals.ts';
export type { PolicyFile } from './parse.ts';
export { PolicyError, placeText } from './policy-error.ts';

/** Who may call what: Cedar policies, default deny, forbid wins. Root is a caller like others (invariant 1). */
export interface Policy {
  /**
   * Asked before the schema: could this caller call this method with some params? The conditions of permits count as
   * true, and forbids with conditions are left out. A method that does not exist is not callable, by anyone.
   */
  callable(caller: Caller, method: string): boolean;
  /** Ids of the policies that deny this whatever the params are: forbids without conditions. Empty: nothing permits it. */
  forbidding(caller: Caller, method: string): readonly string[];
  /**
   * Whether the caller may be told that a method does not exist: a permit without conditions spans the whole driver,
   * and the caller can call every method that the driver has, so nothing is hidden there that the answer could give
   * away. For a driver that does not exist the same is asked of everything in `call`.
   *
   * @param driver the part of a method's name before the dot; any string
   */
  coversDriver(caller: Caller, driver: string): boolean;
  /**
   * Asked after the schema: the whole policy, with the params as `context.params` (see context.ts for what becomes of
   * null and fractions) and the circumstances beside them. Any evaluation error denies.
   */
  authorise(caller: Caller, method: string, params: JsonObject, circumstances: Circumstances): Decision;
  /**
   * What an admin has a denied caller told: the hint of a forbid that denied, else of a permit that is for this caller and
   * method and whose conditions did not hold.
   * @param denying ids of the policies that denied
   */
  hint(caller: Caller, method: string, denying: readonly string[]): string | null;
  /** The policies that have a say in calls of a method, in the order of their files; for who may know them all. */
  explain(caller: Caller, method: string): readonly ExplainedPolicy[];
  /** The text of each policy by its id. */
  readonly texts: ReadonlyMap<string, string>;
  /** Gives back what Cedar keeps for this policy. For when its generation's last call has ended; ask nothing after. */
  release(): void;
}

/** A policy as an admin knows it. */
export interface ExplainedPolicy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  readonly location: PolicyLocation;
  /** Whom its scope names, as in the file (`Group::"ops"`); null: anyone. */
  readonly principal: string | null;
  /** Whether it has a `when` or an `unless`. */
  readonly conditional: boolean;
  /** Whether it can decide about this caller: its scope has them, and a permit is for where they are. */
  readonly concerns: boolean;
}

export interface PolicyOptions {
  readonly roles: Roles;
  /** Whether a caller's unit can be proven (SO_PEERPIDFD, Linux 6.5). If not, a policy that names one is refused. */
  readonly unitsProvable: boolean;
}

/** What was decided for one identity without looking at params. It dies with the policy. */
interface Remembered {
  readonly callable: BoundedMap<string, boolean>;
  readonly forbidding: BoundedMap<string, readonly string[]>;
  readonly covered: BoundedMap<string, boolean>;
  readonly decisions: BoundedMap<string, Decision>;
}

function createRemembered(): Remembered {
  return {
    callable: createBoundedMap(CACHED_METHODS),
    forbidding: createBoundedMap(CACHED_METHODS),
    covered: createBoundedMap(CACHED_METHODS),
    decisions: createBoundedMap(CACHED_METHODS),
  };
}

function namedEntities(policies: readonly ParsedPolicy[]): Set<string> {
  const scopes = policies.map((policy) => policy.scope.principal).filter((principal) => principal !== null);
  return new Set([...scopes, ...policies.flatMap((policy) => [...policy.conditions.entities])]);
}

/** Existing and other names are remembered alike, so that how long an answer takes does not tell which exist. */
function recall<Value>(memory: BoundedMap<string, Value>, name: string, ask: () => Value): Value {
  if (name.length > METHOD_NAME_LENGTH) return ask();
  const known = memory.get(name);
  if (known !== undefined) return known;
  const value = ask();
  memory.set(name, value);
  return value;
}

/**
 * Loads a policy set. No files, or none with a policy in it, is a set that denies everything.
 *
 * @param files all of policy.d, read as one set
 * @param methods every method that exists, built-in ones that need a permit included
 * @param names numbers of the users and groups that the files and the roles name (see namesInPolicy in
 *   shared/policy-names.ts)
 * @throws PolicyError with file, line, column where known, and reason
 */
export function loadPolicy(
  files: readonly PolicyFile[],
  methods: readonly PolicyMethod[],
  names: ResolvedNames,
  { roles, unitsProvable }: PolicyOptions,
): Policy {
  const catalogue = createCatalogue(methods);
  const policies = parsePolicies(files, { catalogue, names, roles, unitsProvable });
  for (const policy of policies) refuseContradiction(policy, catalogue);
  checkTypes(policies, catalogue);
  const slices = createSlices(policies, catalogue);
  const known = new Map(
    [...slices.byMethod].flatMap(([name, slice]) => {
      const method = catalogue.methods.get(name);
      return method === undefined ? [] : [[name, { slice, method, asked: askedMethod(method, slice) }]];
    }),
  );
  const questions = createScopeQuestions(policies, catalogue, slices);
  const identify = createIdentities(names, createRoles(names, roles), namedEntities(policies), unitsProvable);
  const memories = createBoundedMap<string, Remembered>(CACHED_IDENTITIES);

  const memoryOf = (identity: Identity): Remembered => {
    const known = memories.get(identity.key);
    if (known !== undefined) return known;
    const made = createRemembered();
    memories.set(identity.key, made);
    return made;
  };

  return {
    callable(caller, method) {
      const identity = identify(caller);
      return recall(memoryOf(identity).callable, method, () => questions.callable(identity, method));
    },
    forbidding(caller, method) {
      const identity = identify(caller);
      return recall(memoryOf(identity).forbidding, method, () => questions.forbidding(identity, method));
    },
    coversDriver(caller, driver) {
      const identity = identify(caller);
      return recall(memoryOf(identity).covered, driver, () => questions.coversDriver(identity, driver));
    },
    authorise(caller, method, params, circumstances) {
      const found = known.get(method);
      if (found === undefined) return DENIED;
      const { slice, asked } = found;
      const identity = identify(caller);
      if (slice.looked.context.size === 0)
        return recall(memoryOf(identity).decisions, method, () => decide(slice, identity, asked, {}));
      const context = contextFor(slice.looked, found.method.params, params, caller, circumstances);
      return context === null ? NOT_JUDGED : decide(slice, identity, asked, context);
    },
    hint(caller, method, denying) {
      const identity = identify(caller);
      const forbids = policies.filter(({ id, effect }) => effect === 'forbid' && denying.includes(id));
      const permits = (slices.byMethod.get(method)?.policies ?? []).filter(
        (policy) => policy.effect === 'permit' && concerns(policy, identity),
      );
      const hinting = forbids.length > 0 ? forbids : permits;
      return hinting.find(({ hint }) => hint !== null)?.hint ?? null;
    },
    explain(caller, method) {
      const identity = identify(caller);
      return (slices.byMethod.get(method)?.policies ?? []).map((policy) => ({
        ...{ id: policy.id, effect: policy.effect, location: policy.location },
        ...{ principal: policy.scope.principal, conditional: policy.conditions.present },
        concerns: concerns(policy, identity),
      }));
    },
    texts: new Map(policies.map(({ id, text }) => [id, text])),
    release: slices.release,
  };
}
