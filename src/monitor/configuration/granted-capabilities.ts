import { CAPABILITIES } from '../../shared/configuration/capabilities.ts';
import { onlyForRoot } from '../../shared/configuration/grant-risks.ts';
import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import type { LaunchHost } from './launch-host.ts';

/**
 * The capabilities that a profile grants, by their numbers.
 * @throws ConfigurationError for one that this daemon cannot give, or that would make the driver root
 */
export function grantedCapabilities({ value, fail }: ReadFile<Profile>, host: LaunchHost): readonly string[] {
  for (const [index, name] of value.capabilities.entries()) {
    const refuse = (why: string): Error => fail(['capabilities', String(index)], why);
    if (!host.isRoot) throw refuse(`${name} needs a daemon that runs as root`);
    const rootOnly = value.user === 'root' ? null : onlyForRoot(name);
    if (rootOnly !== null)
      throw refuse(`${name} ${rootOnly}: it is granted with user: root and accept_root alone`);
    if (host.lacks([name]).length > 0)
      throw refuse(`driverd itself has not got ${name}: add it to CapabilityBoundingSet= of its unit`);
  }
  return CAPABILITIES.filter((name) => value.capabilities.includes(name));
}
