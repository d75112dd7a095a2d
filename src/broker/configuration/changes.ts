import {
  type ConfigurationChange,
  MAXIMUM_CHANGED_NAME,
  MAXIMUM_CHANGES,
} from '../../boundary/configuration-change.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import { claim } from '../audit/claim-text.ts';
import type { Policy } from '../authorise/policy.ts';

/** What the broker has read of a configuration, as far as it is compared. */
export interface Compared {
  readonly settings: Settings;
  readonly policy: Pick<Policy, 'texts'>;
}

/** What a configuration changes, for the record of its load: the first of them, and how many there are. */
export interface Changes {
  readonly changes: readonly ConfigurationChange[];
  readonly changeCount: number;
}

/**
 * Compares by id each policy's text, and each setting by name (`limits.queue_ms`, `roles.people`).
 * @param before null: nothing runs yet, so nothing is known to have changed
 */
export function changesOf(before: Compared | null, now: Compared): Changes {
  if (before === null) return { changes: [], changeCount: 0 };
  const all = [
    ...differences('policy', before.policy.texts, now.policy.texts),
    ...differences('setting', settingsOf(before.settings), settingsOf(now.settings)),
  ];
  return { changes: all.slice(0, MAXIMUM_CHANGES), changeCount: all.length };
}

function differences(
  what: ConfigurationChange['what'],
  before: ReadonlyMap<string, unknown>,
  now: ReadonlyMap<string, unknown>,
): readonly ConfigurationChange[] {
  const change = (name: string, how: ConfigurationChange['change']): ConfigurationChange => ({
    ...{ what, name: claim(name, MAXIMUM_CHANGED_NAME), change: how },
    ...{ before: countIn(before.get(name)), now: countIn(now.get(name)) },
  });
  const gone = [...before.keys()].filter((name) => !now.has(name));
  const others = [...now].filter(([name, value]) => !before.has(name) || !isSame(before.get(name), value));
  return [
    ...gone.map((name) => change(name, 'removed')),
    ...others.map(([name]) => change(name, before.has(name) ? 'changed' : 'added')),
  ].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

/** Settings stand in groups, such as `limits`; a group's members have names of their own. */
function settingsOf(settings: Settings): ReadonlyMap<string, unknown> {
  const named = Object.entries(settings).flatMap(([name, value]: [string, unknown]): [string, unknown][] =>
    isGroup(value)
      ? Object.entries(value).map(([member, one]) => [`${name}.${member}`, one])
      : [[name, value]],
  );
  return new Map(named);
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Both were read by one schema, which fills in what is left out. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Numbers are told; texts are not, since what an admin wrote may be a secret. */
function countIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}
