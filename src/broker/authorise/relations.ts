import { type EntityName, entityKey, entityProblem, isEntityType, type Vocabulary } from './literals.ts';

/** Cedar's variables that stand for entities. */
export type EntityVariable = 'principal' | 'action' | 'resource';

/** The type each variable always has, and the types of what it can be in. */
const OWN_TYPE: Readonly<Record<EntityVariable, string>> = {
  principal: 'Uid',
  action: 'Action',
  resource: 'Method',
};
const TYPES_IN: Readonly<Record<EntityVariable, ReadonlySet<string>>> = {
  principal: new Set(['Uid', 'User', 'Group', 'Gid', 'Unit', 'UserUnit', 'Role']),
  action: new Set(['Action']),
  resource: new Set(['Method', 'Driver']),
};

export function isEntityVariable(name: unknown): name is EntityVariable {
  return name === 'principal' || name === 'action' || name === 'resource';
}

/** @returns why `variable == entity` can never be true, or null */
export function equalsProblem(
  variable: EntityVariable,
  entity: EntityName,
  vocabulary: Vocabulary,
): string | null {
  const problem = entityProblem(entity, vocabulary);
  if (problem !== null) return problem;
  const comparison = `${variable} == ${entityKey(entity.type, entity.id)} can never be true`;
  if (entity.type !== OWN_TYPE[variable]) return `${comparison}: ${hint(variable, entity.type)}`;
  if (variable === 'action' && !vocabulary.catalogue.methods.has(entity.id)) {
    return `${comparison}: it is a group of actions, write "action in"`;
  }
  return null;
}

/** @returns why `variable in entity` can never be true, or null */
export function inProblem(
  variable: EntityVariable,
  entity: EntityName,
  vocabulary: Vocabulary,
): string | null {
  const problem = entityProblem(entity, vocabulary);
  if (problem !== null) return problem;
  if (TYPES_IN[variable].has(entity.type)) return null;
  return `${variable} in ${entityKey(entity.type, entity.id)} can never be true: ${hint(variable, entity.type)}`;
}

/** @returns why `variable is type` can never be true, or null */
export function isProblem(variable: EntityVariable, type: string): string | null {
  if (!isEntityType(type)) return `there is no entity type ${type}`;
  if (type === OWN_TYPE[variable]) return null;
  return `${variable} is ${type} can never be true: ${hint(variable, type)}`;
}

function hint(variable: EntityVariable, type: string): string {
  const own = `the ${variable} is always of type ${OWN_TYPE[variable]}`;
  return TYPES_IN[variable].has(type) ? `${own}, write "${variable} in"` : own;
}
