import { join } from 'node:path';
import { type Grants, notedGrants, widerThan } from '../../shared/configuration/grants.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import { isRecord, notOurs, readStateFile, writeStateFile } from '../state-file.ts';
import type { DriverPlan } from './plan.ts';

const FILE = 'grants.json';
/** Words that one record names; how many there are stands beside them. */
const RECORDED_WORDS = 64;

/** Something that an admin should see of a profile: what it grants more than before, or its manifest asks in vain. */
export type GrantChange = {
  readonly profile: string;
  readonly words: readonly string[];
  readonly count: number;
};

/** What each profile granted when it was last in force; kept in the state folder, so that it holds over a restart. */
export interface GrantNotes {
  /** What a plan grants more than its profile did before it; stays the same for this plan once it is in force. */
  widened(plan: DriverPlan): readonly string[];
  /** Notes what is in force now; returns what changed, and what manifests ask for and profiles do not grant. */
  take(drivers: ReadonlyMap<string, DriverPlan>): {
    readonly widened: readonly GrantChange[];
    readonly asksNotGranted: readonly GrantChange[];
    /** null, or why the note could not be written: the next start compares with an older one. */
    readonly kept: string | null;
  };
}

export function openGrantNotes(stateFolder: string): GrantNotes {
  const path = join(stateFolder, FILE);
  const known = new WeakMap<DriverPlan, readonly string[]>();
  let before = readNotes(path);

  function widened(plan: DriverPlan): readonly string[] {
    const words = known.get(plan) ?? widerThan(plan.grants, before.get(plan.name) ?? NOTHING);
    known.set(plan, words);
    return words;
  }

  return {
    widened,
    take(drivers) {
      const plans = [...drivers.values()];
      const changes = plans.flatMap((plan) => changeOf(plan.name, widened(plan)));
      before = new Map(plans.map(({ name, grants }) => [name, grants]));
      const profiles = Object.fromEntries([...before].map(([name, grants]) => [name, written(grants)]));
      const kept = keep(path, `${JSON.stringify({ version: 1, profiles })}\n`);
      const asksNotGranted = plans.flatMap(({ name, asksMore }) => changeOf(name, asksMore));
      return { widened: changes, asksNotGranted, kept };
    },
  };
}

/** What a profile with nothing in it grants: the default sandbox. */
const NOTHING: Grants = notedGrants(parseProfile('/default.yaml', Buffer.from('version: 1\n')).value);

function keep(path: string, text: string): string | null {
  try {
    writeStateFile(path, text);
    return null;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return error.message;
  }
}

function changeOf(profile: string, words: readonly string[]): GrantChange[] {
  if (words.length === 0) return [];
  return [{ profile, words: words.slice(0, RECORDED_WORDS), count: words.length }];
}

function written({ words, limits }: Grants): {
  words: readonly string[];
  limits: Record<string, number | null>;
} {
  return { words, limits: Object.fromEntries(limits) };
}

function readNotes(path: string): Map<string, Grants> {
  const state = readStateFile(path);
  if (state === null) return new Map();
  const { profiles } = state;
  if (!isRecord(profiles)) throw notOurs(path);
  return new Map(
    Object.entries(profiles).map(([profile, value]): [string, Grants] => {
      if (!isRecord(value) || !Array.isArray(value['words']) || !isRecord(value['limits']))
        throw notOurs(path);
      const words = value['words'].filter((word) => typeof word === 'string');
      const limits = Object.entries(value['limits']).filter(
        (entry): entry is [string, number | null] => entry[1] === null || typeof entry[1] === 'number',
      );
      return [profile, { words, limits: new Map(limits) }];
    }),
  );
}
