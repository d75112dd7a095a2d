import { nearestWord } from '../../shared/configuration/nearest-word.ts';
import type { Catalogue } from './catalogue.ts';

/** Names that occur in policies, resolved to numbers when configuration was loaded. */
export interface ResolvedNames {
  readonly users: ReadonlyMap<string, number>;
  readonly groups: ReadonlyMap<string, number>;
}

/** Whom a role of `driverd.yaml` has: users, groups and system units by name. */
export interface RoleMembers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
  readonly units: readonly string[];
}
export type Roles = ReadonlyMap<string, RoleMembers>;

/** What the entities that a policy names are judged by. */
export interface Vocabulary {
  readonly catalogue: Catalogue;
  readonly names: ResolvedNames;
  readonly roles: Roles;
  /** Whether a caller's unit can be proven (SO_PEERPIDFD, Linux 6.5). */
  readonly unitsProvable: boolean;
}

export interface EntityName {
  readonly type: string;
  readonly id: string;
}

/** The one form of an entity's name used as a key. Types hold no quote, so two entities never share one. */
export function entityKey(type: string, id: string): string {
  return `${type}::"${id}"`;
}

/** 2^32-1 is `(uid_t)-1`, which is no id (setreuid(2)). */
const LAST_ID = 0xffff_fffe;
const ID = /^(?:0|[1-9][0-9]{0,9})$/;

/** The kinds of unit that have processes of their own (systemd.unit(5)); a process's cgroup names one of them. */
const UNIT = /^[^/\s]+\.(?:service|scope|slice|socket|mount|swap)$/;

const UNITS_UNPROVEN = 'this kernel cannot prove the unit of a caller (SO_PEERPIDFD, Linux 6.5)';

type Judge = (id: string, vocabulary: Vocabulary) => string | null;

const judgeId: Judge = (id) =>
  ID.test(id) && Number(id) <= LAST_ID ? null : 'an id is a decimal number from 0 to 4294967294';

const judgeUnit: Judge = (id, { unitsProvable }) => {
  if (!unitsProvable) return UNITS_UNPROVEN;
  return UNIT.test(id) ? null : 'a unit has a full name, such as backup.service';
};

/** With the nearest name that there is. */
function unknown(what: string, id: string, known: Iterable<string>): string {
  const nearest = nearestWord(id, [...known]);
  return `there is no such ${what}${nearest === null ? '' : `; did you mean ${nearest}?`}`;
}

const judgeRole: Judge = (id, { roles, unitsProvable }) => {
  const role = roles.get(id);
  if (role === undefined) return unknown('role in driverd.yaml', id, roles.keys());
  return role.units.length === 0 || unitsProvable ? null : `it has units, and ${UNITS_UNPROVEN}`;
};

const JUDGES: ReadonlyMap<string, Judge> = new Map([
  ['Uid', judgeId],
  ['Gid', judgeId],
  ['User', (id, { names }) => (names.users.has(id) ? null : 'there is no such user')],
  ['Group', (id, { names }) => (names.groups.has(id) ? null : 'there is no such group')],
  ['Unit', judgeUnit],
  ['UserUnit', judgeUnit],
  ['Role', judgeRole],
  [
    'Action',
    (id, { catalogue }) =>
      catalogue.actions.has(id) ? null : unknown('action', id, catalogue.actions.keys()),
  ],
  [
    'Method',
    (id, { catalogue }) =>
      catalogue.methods.has(id) ? null : unknown('method', id, catalogue.methods.keys()),
  ],
  [
    'Driver',
    (id, { catalogue }) =>
      catalogue.drivers.has(id) ? null : unknown('driver', id, catalogue.drivers.keys()),
  ],
] as const);

export function isEntityType(type: string): boolean {
  return JUDGES.has(type);
}

/** @returns why a policy may not name this entity, or null */
export function entityProblem({ type, id }: EntityName, vocabulary: Vocabulary): string | null {
  const judge = JUDGES.get(type);
  if (judge === undefined) return `there is no entity type ${type}`;
  const problem = judge(id, vocabulary);
  return problem === null ? null : `${entityKey(type, id)}: ${problem}`;
}
