import { asksOf, type Grants, grantsOf, widerThan } from '../../shared/configuration/grants.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import type { Manifest } from '../../shared/configuration/types.generated.ts';
import type { JsonObject } from '../../shared/json-value.ts';

type Asks = NonNullable<Manifest['asks']>;

/** One thing that a manifest asks for. */
export interface Ask {
  /** As in `--grant WORD`, see shared/configuration/grants.ts. */
  readonly word: string;
  /** Beyond the default sandbox and read paths: granted only where the admin repeats it. */
  readonly isWide: boolean;
  /** What it is in a profile: nothing but this ask. */
  readonly part: JsonObject;
}

const NOTHING: Grants = { words: [], limits: new Map() };
const DEFAULTS = grantsOf(parseProfile('default.yaml', Buffer.from('version: 1\n')).value);

/** What a manifest asks for, one by one, in the order of a profile's fields. */
export function readAsks(asks: Asks = {}): readonly Ask[] {
  return [...listed(asks).map(oneOf), ...limits(asks), ...filter(asks)];
}

/** Each entry as asks that hold it alone, so that the one vocabulary of words serves here too. */
function listed(asks: Asks): (Asks & JsonObject)[] {
  const { filesystem = {}, network = 'none', syscalls = {} } = asks;
  return [
    ...(asks.user === undefined ? [] : [{ user: asks.user }]),
    ...(filesystem.read ?? []).map((entry) => ({ filesystem: { read: [entry] } })),
    ...(filesystem.write ?? []).map((entry) => ({ filesystem: { write: [entry] } })),
    ...(filesystem.scratch ?? []).map((path) => ({ filesystem: { scratch: [path] } })),
    ...(network === 'none' ? [] : [{ network }]),
    ...(asks.groups ?? []).map((name) => ({ groups: [name] })),
    ...(asks.capabilities ?? []).map((name) => ({ capabilities: [name] })),
    ...(asks.devices ?? []).map((path) => ({ devices: [path] })),
    ...(syscalls.allow ?? []).map((name) => ({ syscalls: { allow: [name] } })),
    ...(syscalls.sockets ?? []).map((name) => ({ syscalls: { sockets: [name] } })),
    ...(asks.secrets ?? []).map((secret) => ({ secrets: [secret] })),
  ];
}

function oneOf(part: Asks & JsonObject): Ask {
  const [word = ''] = asksOf(part).words;
  return { word, isWide: !word.startsWith('read:'), part };
}

/** A limit within the default one is no wider ask. */
function limits(asks: Asks): Ask[] {
  return [...asksOf(asks).limits].map(([name, value]) => {
    const limit: Grants = { words: [], limits: new Map([[name, value]]) };
    const [word = ''] = widerThan(limit, NOTHING);
    return { word, isWide: widerThan(limit, DEFAULTS).length > 0, part: { limits: { [name]: value } } };
  });
}

/** The strict filter takes away: nobody has to repeat it. */
function filter({ syscalls }: Asks): Ask[] {
  if (syscalls?.filter !== 'strict') return [];
  return [{ word: 'filter:strict', isWide: false, part: { syscalls: { filter: 'strict' } } }];
}
