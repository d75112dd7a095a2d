import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { findRunc, RUNC_PLACES } from '../launch/container/runtime.ts';
import type { LaunchHost } from './launch-host.ts';

const DROP_IN = 'driverd.service.d/with-containers.conf';

/** What starts a profile's driver here. */
export interface Launcher {
  readonly kind: Profile['launcher'];
  /** Why it is not the one that the profile names; null: it is. */
  readonly fallback: string | null;
}

/**
 * The launcher that a profile names, or the one that it falls back to where this host has none such.
 * @throws ConfigurationError
 */
export function launcherFor({ value, fail }: ReadFile<Profile>, host: LaunchHost): Launcher {
  if (value.launcher === 'sandbox') {
    if (value.fallback !== 'refuse') throw fail(['fallback'], 'is for `launcher: container`');
    return { kind: 'sandbox', fallback: null };
  }
  if (value.root === undefined) throw fail(['launcher'], 'a container needs a `root` folder');
  if (value.network !== 'none') throw fail(['network'], 'a container has no network: it must be none');
  if (value.capabilities.length > 0) throw fail(['capabilities'], 'a container gets none');
  if (value.user === 'root') throw fail(['user'], 'nobody is root in a container');
  const why = whyNoContainers(host);
  if (why === null) return { kind: 'container', fallback: null };
  if (value.fallback === 'refuse') throw fail(['launcher'], `container: ${why}`);
  return { kind: 'sandbox', fallback: why };
}

/**
 * What runc needs, and what the monitor needs to kill a container's processes and to read their descriptors and working
 * folder before they begin.
 */
const NEEDED: readonly string[] = [
  ...['CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_KILL', 'CAP_SETGID', 'CAP_SETUID', 'CAP_SETPCAP'],
  ...['CAP_NET_ADMIN', 'CAP_SYS_PTRACE', 'CAP_SYS_ADMIN'],
];

/** Why no container can be started here, or null where one can. */
function whyNoContainers(host: LaunchHost): string | null {
  if (!host.isRoot) return 'it needs a daemon that runs as root';
  const lacking = host.lacks(NEEDED);
  if (lacking.length > 0) return `driverd lacks ${lacking.join(', ')}, which ${DROP_IN} adds`;
  try {
    return findRunc() === null ? `this host has no runc (${RUNC_PLACES.join(', ')})` : null;
  } catch (error) {
    return error instanceof Error ? error.message : 'runc could not be looked at';
  }
}
