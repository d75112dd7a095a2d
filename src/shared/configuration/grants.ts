import { isWithin } from './paths.ts';
import { grantedPath } from './profile.ts';
import type { Profile, Program } from './types.generated.ts';

type Asks = NonNullable<Program['asks']>;

/**
 * What a profile grants, or a manifest asks for, beyond the default sandbox. Words are what an admin repeats as
 * `--grant WORD`: `read:/srv`, `write:/srv`, `read:/=/host` (seen elsewhere), `scratch:/work`, `network:host`,
 * `capability:CAP_NET_RAW`, `device:/dev/kvm`, `group:adm`, `syscall:ptrace`, `socket:netlink`, `secret:token`,
 * `user:backup`.
 */
export interface Grants {
  readonly words: readonly string[];
  /** Limits by name; null is no limit. */
  readonly limits: ReadonlyMap<string, number | null>;
}

export function grantsOf(profile: Profile): Grants {
  return grants(profile, profile.user);
}

/**
 * What a profile grants, with all that makes it wider than it was: which driver its name stands for, the system that it
 * sees, what may start it, where secrets come from and how they are delivered, and the filter (like a limit: the strict
 * one lets less through).
 */
export function notedGrants(profile: Profile): Grants {
  const { words, limits } = grantsOf(profile);
  return {
    words: [
      ...words,
      ...(profile.driver === undefined ? [] : [`driver:${profile.driver}`]),
      ...(profile.root === undefined ? [] : [`root:${profile.root}`]),
      ...(profile.fallback === 'refuse' ? [] : [`fallback:${profile.fallback}`]),
      ...profile.secrets.map(
        ({ name, file, credential, as }) => `secret:${name}=${file ?? credential}:${as}`,
      ),
    ],
    limits: new Map([...limits, ['filter', profile.syscalls.filter === 'strict' ? 0 : 1]]),
  };
}

export function asksOf(asks: Asks | undefined): Grants {
  return grants(asks ?? {}, asks?.user ?? 'auto');
}

function grants(of: Omit<Asks, 'user'>, user: string): Grants {
  const { filesystem, network, syscalls, limits } = of;
  const paths = (kind: 'read' | 'write'): string[] =>
    (filesystem?.[kind] ?? []).map((entry) => {
      const { path, at } = grantedPath(entry);
      return `${kind}:${path}${path === at ? '' : `=${at}`}`;
    });
  const words = [
    ...(user === 'auto' ? [] : [`user:${user}`]),
    ...paths('read'),
    ...paths('write'),
    ...(filesystem?.scratch ?? []).map((path) => `scratch:${path}`),
    ...(network === undefined || network === 'none' ? [] : [`network:${network}`]),
    ...(of.groups ?? []).map((name) => `group:${name}`),
    ...(of.capabilities ?? []).map((name) => `capability:${name}`),
    ...(of.devices ?? []).map((path) => `device:${path}`),
    ...(syscalls?.allow ?? []).map((name) => `syscall:${name}`),
    ...(syscalls?.sockets ?? []).map((name) => `socket:${name}`),
    ...(of.secrets ?? []).map(({ name }) => `secret:${name}`),
  ];
  return { words, limits: new Map(Object.entries(limits ?? {})) };
}

/** What `one` has and `other` has not, as words; a limit is `limit:NAME=VALUE`. Sorted. */
export function widerThan(one: Grants, other: Grants): readonly string[] {
  const words = one.words.filter((word) => !other.words.some((held) => covers(held, word)));
  const limits = [...one.limits].filter(([name, value]) => {
    const held = other.limits.get(name);
    if (held === undefined) return true;
    return held !== null && (value === null || value > held);
  });
  return [...words, ...limits.map(([name, value]) => `limit:${name}=${value ?? 'none'}`)].toSorted();
}

/** A grant covers the same word; a folder covers what lies below it, the host's network a loopback, writing reading. */
function covers(held: string, asked: string): boolean {
  if (held === asked) return true;
  if (held === 'network:host') return asked === 'network:loopback';
  const [heldKind, heldPath = ''] = splitOnce(held);
  const [askedKind, askedPath = ''] = splitOnce(asked);
  const covered = askedKind === 'read' ? ['read', 'write'] : askedKind === 'write' ? ['write'] : [];
  const isPlain = !heldPath.includes('=') && !askedPath.includes('=');
  return covered.includes(heldKind) && isPlain && isWithin(askedPath, heldPath);
}

function splitOnce(word: string): [string, string] {
  const at = word.indexOf(':');
  return [word.slice(0, at), word.slice(at + 1)];
}
