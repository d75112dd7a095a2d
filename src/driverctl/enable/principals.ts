import { PosixError } from '../../posix/libc.ts';
import { findGroup, findUser } from '../../posix/names.ts';
import { Failure } from '../failure.ts';

/** Names of accounts, those of a directory service (`name@domain`) with them; as long as the daemon looks up. */
const ACCOUNT = /^[A-Za-z_][A-Za-z0-9_.@-]{0,255}$/;
const ID = /^(?:0|[1-9][0-9]{0,9})$/;
/** 2^32-1 is `(uid_t)-1`, which is no id (setreuid(2)). */
const LAST_ID = 0xffff_fffe;
/** The characters of a unit's name, a backslash as systemd-escape(1) writes it; 256 with the suffix (systemd.unit(5)). */
const UNIT = /^[A-Za-z0-9:_.\\@-]{1,247}\.service$/;
const PRINTABLE = /^[\x20-\x7e]*$/;

/** One kind of `--allow KIND:VALUE`. */
interface Kind {
  readonly form: string;
  /** Why a value is none, or null. */
  readonly refuse: (value: string) => string | null;
  /** Cedar before the literal. The broker reads principals so: a Uid that lies in its user, groups and unit. */
  readonly cedar: string;
}

const refuseId = (value: string): string | null =>
  ID.test(value) && Number(value) <= LAST_ID ? null : `a number from 0 to ${LAST_ID} is needed`;

// An account that does not exist would have the daemon refuse the whole configuration.
const kinds: ReadonlyMap<string, Kind> = new Map([
  [
    'group',
    {
      form: 'group:NAME',
      refuse: (value: string) => refuseAccount(value, () => findGroup(value) !== null, 'group'),
      cedar: 'in Group',
    },
  ],
  [
    'user',
    {
      form: 'user:NAME',
      refuse: (value: string) => refuseAccount(value, () => findUser(value) !== null, 'user'),
      cedar: 'in User',
    },
  ],
  ['uid', { form: 'uid:N', refuse: refuseId, cedar: '== Uid' }],
  ['gid', { form: 'gid:N', refuse: refuseId, cedar: 'in Gid' }],
  [
    'unit',
    {
      form: 'unit:NAME.service',
      refuse: (value: string) => (UNIT.test(value) ? null : 'a full name such as backup.service is needed'),
      cedar: 'in Unit',
    },
  ],
]);

function refuseAccount(value: string, exists: () => boolean, what: string): string | null {
  if (!ACCOUNT.test(value)) return `that cannot be the name of a ${what}`;
  try {
    return exists() ? null : `there is no such ${what}`;
  } catch (error) {
    if (!(error instanceof PosixError)) throw error;
    throw new Failure('other', `Cannot allow ${what} ${value}: it cannot be looked up: ${error.code}`);
  }
}

/**
 * Who is allowed, as Cedar has it: `group:ops` gives `principal in Group::"ops"`.
 * @param words the values of `--allow`
 * @returns distinct constraints in the order of the words
 * @throws Failure (usage) for a word that is none, or names an account that does not exist; (other) where that cannot be
 *   looked up
 */
export function principalsOf(words: readonly string[]): readonly string[] {
  return [...new Set(words.map(principalOf))];
}

function principalOf(word: string): string {
  const at = word.indexOf(':');
  const kind = kinds.get(word.slice(0, Math.max(at, 0)));
  const value = word.slice(at + 1);
  if (kind === undefined) {
    const forms = [...kinds.values()].map(({ form }) => form).join(', ');
    throw new Failure('usage', `Cannot allow ${word}: it must be one of ${forms}`);
  }
  const why = kind.refuse(value);
  if (why !== null) throw new Failure('usage', `Cannot allow ${word}: ${why}`);
  return `principal ${kind.cedar}::${cedarString(value)}`;
}

/**
 * A Cedar string literal.
 * @throws RangeError for text that is not printable ASCII, which every caller has refused before
 */
export function cedarString(text: string): string {
  if (!PRINTABLE.test(text)) throw new RangeError('Cannot write a Cedar literal: it is not printable ASCII');
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
