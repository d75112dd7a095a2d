import type {
  ActionConstraint,
  EntityUidJson,
  PolicyJson,
  PrincipalConstraint,
  ResourceConstraint,
} from '@cedar-policy/cedar-wasm/nodejs';
import { type EntityName, entityKey, type Vocabulary } from './literals.ts';
import { type EntityVariable, equalsProblem, inProblem, isProblem } from './relations.ts';

/**
 * A policy's scope, reduced to what can differ here: the principal is always a Uid and the resource a Method, so `is`
 * adds nothing, and nothing lies in a Uid or a Method, so there `in` and `==` are the same.
 */
export interface Scope {
  /** Key of the entity that the principal must be or lie in; null: anyone. */
  readonly principal: string | null;
  /** Ids of the actions, one of which the action must be or lie in; null: any. */
  readonly actions: ReadonlySet<string> | null;
  /** The method or driver that the resource must be or lie in; null: any. */
  readonly resource: EntityName | null;
}

/** Thrown by the readers below; the caller knows the file and line. */
export class ScopeProblem extends Error {
  override readonly name = 'ScopeProblem';
}

export function entityName(entity: EntityUidJson): EntityName {
  return '__entity' in entity ? entity.__entity : entity;
}

function refuse(problem: string | null): void {
  if (problem !== null) throw new ScopeProblem(problem);
}

function readEntity(
  variable: EntityVariable,
  constraint: PrincipalConstraint | ResourceConstraint,
  vocabulary: Vocabulary,
): EntityName | null {
  if (constraint.op === 'All') return null;
  if (constraint.op === 'is') {
    refuse(isProblem(variable, constraint.entity_type));
    return constraint.in === undefined
      ? null
      : readEntity(variable, { op: 'in', ...constraint.in }, vocabulary);
  }
  if ('slot' in constraint) throw new ScopeProblem('it is a template, which nothing here fills in');
  const entity = entityName(constraint.entity);
  const problem = constraint.op === '==' ? equalsProblem : inProblem;
  refuse(problem(variable, entity, vocabulary));
  return entity;
}

function readActions(constraint: ActionConstraint, vocabulary: Vocabulary): ReadonlySet<string> | null {
  if (constraint.op === 'All') return null;
  if ('slot' in constraint) throw new ScopeProblem('it is a template, which nothing here fills in');
  const entities = ('entities' in constraint ? constraint.entities : [constraint.entity]).map(entityName);
  if (entities.length === 0) throw new ScopeProblem('action in [] can never be true');
  const problem = constraint.op === '==' ? equalsProblem : inProblem;
  for (const entity of entities) refuse(problem('action', entity, vocabulary));
  return new Set(entities.map((entity) => entity.id));
}

/**
 * @throws ScopeProblem if the scope names what does not exist, or can never match by its types
 */
export function readScope(policy: PolicyJson, vocabulary: Vocabulary): Scope {
  const principal = readEntity('principal', policy.principal, vocabulary);
  return {
    principal: principal === null ? null : entityKey(principal.type, principal.id),
    actions: readActions(policy.action, vocabulary),
    resource: readEntity('resource', policy.resource, vocabulary),
  };
}
