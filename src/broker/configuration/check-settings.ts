import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { CONNECTION_LIMITS } from '../admit/limits-for.ts';
import type { PolicyMethod, ResolvedNames } from '../authorise/policy.ts';

/**
 * A role is not just smaller where one of its names is misspelt: a forbid for it would not reach whom it means.
 * @throws ConfigurationError
 */
export function refuseUnknownMembers({ value, fail }: ReadFile<Settings>, names: ResolvedNames): void {
  for (const [role, { users, groups }] of Object.entries(value.roles)) {
    for (const [index, user] of users.entries())
      if (!names.users.has(user))
        throw fail(['roles', role, 'users', String(index)], `there is no user ${user}`);
    for (const [index, group] of groups.entries())
      if (!names.groups.has(group))
        throw fail(['roles', role, 'groups', String(index)], `there is no group ${group}`);
  }
}

/**
 * A limit for what does not exist limits nothing, and limits of a connection hold before any method is named.
 * @throws ConfigurationError
 */
export function refuseUnknownOverrides(
  { value, fail }: ReadFile<Settings>,
  methods: readonly PolicyMethod[],
): void {
  const names = new Set(methods.map(({ name }) => name));
  const drivers = new Set(['rpc', ...methods.map(({ driver }) => driver)]);
  for (const [index, override] of value.limit_overrides.entries()) {
    const at = ['limit_overrides', String(index)];
    const role = override.roles?.find((name) => !Object.hasOwn(value.roles, name));
    if (role !== undefined) throw fail([...at, 'roles'], `there is no role ${role}`);
    const driver = override.drivers?.find((name) => !drivers.has(name));
    if (driver !== undefined) throw fail([...at, 'drivers'], `there is no driver ${driver}`);
    const method = override.methods?.find((name) => !names.has(name));
    if (method !== undefined) throw fail([...at, 'methods'], `there is no method ${method}`);
    const forMethods = override.drivers !== undefined || override.methods !== undefined;
    const early = forMethods ? CONNECTION_LIMITS.find((name) => name in override.limits) : undefined;
    if (early !== undefined)
      throw fail([...at, 'limits', early], 'it holds for a connection, and can be set for roles alone');
  }
}
