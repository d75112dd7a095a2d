import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { durationText } from '../print/duration.ts';
import type { Accounts } from './accounts.ts';
import { words } from './record-line.ts';

const MILLISECOND_US = 1_000;
/** Deeper than records are nested (FIELD_DEPTH_MAXIMUM): a hostile line ends here. */
const DEPTH_MAXIMUM = 16;

/** A member of facts or claims: its name, with those of the objects around it, and its value for eyes. */
export interface Field {
  readonly name: string;
  readonly text: string;
}

/**
 * The members of facts or claims, flat: `isolation.way` and so on, safe for a terminal. Users and groups get the names that
 * this host has for them, durations their unit. What is null is left out.
 */
export function fieldsOf(value: JsonObject, accounts: Accounts, prefix = '', depth = 0): Field[] {
  return Object.keys(value).flatMap((key) => {
    const member = value[key] ?? null;
    const name = `${prefix}${words(key)}`;
    if (isJsonObject(member) && depth < DEPTH_MAXIMUM)
      return fieldsOf(member, accounts, `${name}.`, depth + 1);
    const text = fieldText(name, member, accounts);
    return text === null ? [] : [{ name, text }];
  });
}

function fieldText(name: string, value: JsonValue, accounts: Accounts): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) {
    const texts = value.map((element) => fieldText(name, element, accounts) ?? '-');
    return texts.join(',') || 'none';
  }
  if (typeof value === 'number') return numberText(name, value, accounts);
  return words(value);
}

/** Names end in what their numbers are; those within `stages_us` are all microseconds. */
function numberText(name: string, value: number, accounts: Accounts): string {
  if (/(?:^|[._])uid$/u.test(name)) return named(value, accounts.user(value));
  if (/(?:^|[._])(?:gid|groups)$/u.test(name)) return named(value, accounts.group(value));
  if (/_(?:us|microseconds)(?:\.\w+)?$/u.test(name)) return unspaced(durationText(value));
  if (/_ms$/u.test(name)) return unspaced(durationText(value * MILLISECOND_US));
  return String(value);
}

function unspaced(text: string): string {
  return text.replaceAll(' ', '');
}

function named(id: number, name: string | null): string {
  return name === null ? String(id) : `${id}(${words(name)})`;
}
