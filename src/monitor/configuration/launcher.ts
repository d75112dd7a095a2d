import type { Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { whyNoContainers } from '../launch/container/runtime.ts';

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
export function launcherFor({ value, fail }: ReadFile<Profile>): Launcher {
  if (value.launcher === 'sandbox') {
    if (value.fallback !== 'refuse') throw fail(['fallback'], 'is for `launcher: container`');
    return { kind: 'sandbox', fallback: null };
  }
  if (value.root === undefined) throw fail(['launcher'], 'a container needs a `root` folder');
  if (value.network !== 'none') throw fail(['network'], 'a container has no network: it must be none');
  if (value.capabilities.length > 0) throw fail(['capabilities'], 'a container gets none');
  const why = whyNoContainers();
  if (why === null) return { kind: 'container', fallback: null };
  if (value.fallback === 'refuse') throw fail(['launcher'], `container: ${why}`);
  return { kind: 'sandbox', fallback: why };
}
