import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { CONTEXT_MEMBERS } from './circumstances.ts';
import { type EntityName, entityKey, entityProblem, isEntityType, type Vocabulary } from './literals.ts';
import { POLICY_EXPRESSION_DEPTH } from './policy-limits.ts';
import { equalsProblem, inProblem, isEntityVariable, isProblem } from './relations.ts';
import { ScopeProblem } from './scope.ts';

/** What a policy's `when` and `unless` look at. */
export interface Conditions {
  /** Whether there are any: with none, the policy's scope alone decides. */
  readonly present: boolean;
  /** Names of the context's members that they look at; all, where they look at the context as a whole. */
  readonly context: ReadonlySet<string>;
  /** Names of the params that they look at; null: at the params as a whole. */
  readonly params: ReadonlySet<string> | null;
  /** Names of attributes that they look at, of whatever it is. */
  readonly attributes: ReadonlySet<string>;
  /** Keys of the entities they name. */
  readonly entities: ReadonlySet<string>;
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function literalEntity(node: unknown): EntityName | null {
  if (!isNode(node) || !isNode(node['Value']) || !isNode(node['Value']['__entity'])) return null;
  const { type, id } = node['Value']['__entity'];
  return typeof type === 'string' && typeof id === 'string' ? { type, id } : null;
}

/** The entities of a literal or of a set of literals. */
function literalEntities(node: unknown): EntityName[] {
  const elements = isNode(node) && Array.isArray(node['Set']) ? node['Set'] : [node];
  return elements.map(literalEntity).filter((entity) => entity !== null);
}

function comparisonProblem(operator: string, operands: unknown, vocabulary: Vocabulary): string | null {
  if (!isNode(operands)) return null;
  const { left, right } = operands;
  if (operator === 'is' && typeof operands['entity_type'] === 'string') {
    const type = operands['entity_type'];
    if (isNode(left) && isEntityVariable(left['Var'])) return isProblem(left['Var'], type);
    return isEntityType(type) ? null : `there is no entity type ${type}`;
  }
  const [subject, object] = isNode(left) && isEntityVariable(left['Var']) ? [left, right] : [right, left];
  if (!isNode(subject) || !isEntityVariable(subject['Var'])) return null;
  const problem = operator === 'in' ? inProblem : equalsProblem;
  if (operator !== 'in' && operator !== '==' && operator !== '!=') return null;
  if (operator === 'in' && subject !== left) return null;
  for (const entity of literalEntities(object)) {
    const found = problem(subject['Var'], entity, vocabulary);
    if (found !== null) return found;
  }
  return null;
}

/** What is read by the caller's pid, as its unit is: see entityProblem for that. */
const PROVEN_BY_PIDFD: ReadonlySet<string> = new Set(['login', 'container']);

function unproven(member: string): ScopeProblem {
  return new ScopeProblem(
    `context.${member}: this kernel cannot prove it of a caller (SO_PEERPIDFD, Linux 6.5)`,
  );
}

/** What `LEFT.NAME` or `LEFT has NAME.NAME` looks at. */
function attributeLook(node: Node): { left: Node; names: readonly string[] } | null {
  const operands = node['.'] ?? node['has'];
  if (!isNode(operands) || !isNode(operands['left'])) return null;
  const { left, attr } = operands;
  const names: readonly unknown[] = Array.isArray(attr) ? attr : [attr];
  return { left, names: names.filter((name) => typeof name === 'string') };
}

/** The member that `context.NAME` or `context has NAME` looks at. */
function memberOfContext(node: Node): string | null {
  const look = attributeLook(node);
  if (look === null || look.left['Var'] !== 'context' || look.names.length !== 1) return null;
  return look.names[0] ?? null;
}

/** The param that `context.params.NAME` or `context.params has NAME` looks at. */
function paramLook(node: Node): string | null {
  const look = attributeLook(node);
  if (look === null || look.left['.'] === undefined || memberOfContext(look.left) !== 'params') return null;
  return look.names[0] ?? null;
}

/**
 * Reads the conditions of a policy in Cedar's JSON form (https://docs.cedarpolicy.com/policies/json-format.html).
 *
 * @throws ScopeProblem if they name what does not exist, compare principal, action or resource with what they can
 *   never be, or are nested deeper than POLICY_EXPRESSION_DEPTH
 */
export function readConditions(policy: PolicyJson, vocabulary: Vocabulary): Conditions {
  const entities = new Set<string>();
  const context = new Set<string>();
  const params = new Set<string>();
  const attributes = new Set<string>();
  let paramsAsWhole = false;
  const visit = (value: unknown, depth: number): void => {
    if (depth > POLICY_EXPRESSION_DEPTH) {
      throw new ScopeProblem(`its condition is nested more than ${POLICY_EXPRESSION_DEPTH} levels deep`);
    }
    if (Array.isArray(value)) for (const element of value) visit(element, depth + 1);
    if (!isNode(value)) return;
    const entity = literalEntity(value);
    if (entity !== null) {
      const problem = entityProblem(entity, vocabulary);
      if (problem !== null) throw new ScopeProblem(problem);
      entities.add(entityKey(entity.type, entity.id));
    }
    const param = paramLook(value);
    if (param !== null) {
      context.add('params');
      params.add(param);
      return;
    }
    const member = memberOfContext(value);
    if (member !== null) {
      if (!vocabulary.unitsProvable && PROVEN_BY_PIDFD.has(member)) throw unproven(member);
      context.add(member);
      // `context has params` looks at none of them.
      if (member === 'params' && value['.'] !== undefined) paramsAsWhole = true;
      return;
    }
    if (value['Var'] === 'context') {
      for (const name of CONTEXT_MEMBERS) context.add(name);
      paramsAsWhole = true;
    }
    for (const name of attributeLook(value)?.names ?? []) attributes.add(name);
    for (const [operator, operands] of Object.entries(value)) {
      const problem = comparisonProblem(operator, operands, vocabulary);
      if (problem !== null) throw new ScopeProblem(problem);
      visit(operands, depth + 1);
    }
  };
  // Cedar joins the clauses by &&, one level for each.
  for (const [index, clause] of policy.conditions.entries()) visit(clause.body, index + 1);
  return {
    ...{ present: policy.conditions.length > 0, context, entities, attributes },
    params: paramsAsWhole ? null : params,
  };
}
