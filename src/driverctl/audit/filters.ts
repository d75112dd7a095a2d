import { END_REASONS } from '../../shared/audit/end-reasons.ts';
import { AUDIT_EVENTS } from '../../shared/audit/record.ts';
import type { Options } from '../command-line.ts';
import { wholeNumber } from '../command-line.ts';
import { Failure } from '../failure.ts';
import { uidOf } from './accounts.ts';
import { type RecordView, viewRecord } from './record-view.ts';
import { driverIn, endIn, methodIn, requestIn, sessionIn, uidIn } from './record-words.ts';

/** What a record must be, and bytes that its line holds if it is that. */
interface Filter {
  readonly bytes: string;
  readonly isMet: (view: RecordView) => boolean;
}

export type FilterOption =
  | 'caller'
  | 'driver'
  | 'method'
  | 'end'
  | 'event'
  | 'request'
  | 'trace'
  | 'hash'
  | 'session';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * The filter that each option stands for. What they look for in bytes is as the monitor writes it: one line, no spaces,
 * JSON.stringify.
 */
const makers: { readonly [Name in FilterOption]: (value: string) => Filter } = {
  caller(value) {
    const uid = uidOf(value);
    return { bytes: `"uid":${uid}`, isMet: (view) => uidIn(view) === uid };
  },
  driver: (value) => ({
    bytes: `:${JSON.stringify(value).slice(0, -1)}`,
    isMet: (view) => driverIn(view) === value,
  }),
  method: (value) => ({
    bytes: `"method":${JSON.stringify(value)}`,
    isMet: (view) => methodIn(view) === value,
  }),
  end(value) {
    requireOneOf('--end', value, END_REASONS);
    return { bytes: `"end_reason":"${value}"`, isMet: (view) => endIn(view) === value };
  },
  event(value) {
    requireOneOf('--event', value, AUDIT_EVENTS);
    return { bytes: `"event":"${value}"`, isMet: ({ event }) => event === value };
  },
  request(value) {
    const id = requestId('--request', value);
    return { bytes: id, isMet: (view) => requestIn(view) === id };
  },
  trace: (value) => claimed('--trace', value, 'trace_id', 32),
  hash: (value) => claimed('--hash', value, 'params_hash', 64),
  session(value) {
    const session = wholeNumber(value, '--session', 0, Number.MAX_SAFE_INTEGER);
    return { bytes: `"session":${session}`, isMet: (view) => sessionIn(view) === session };
  },
};
export const filterOptions = Object.keys(makers) as readonly FilterOption[];

/** A request id as records have it. Throws `Failure` (usage) for what is none. */
export function requestId(option: string, value: string): string {
  const id = value.toLowerCase();
  requireForm(option, id, UUID, 'a request id: a UUID');
  return id;
}

function claimed(option: string, value: string, name: string, digits: number): Filter {
  const wanted = value.toLowerCase();
  requireForm(option, wanted, new RegExp(`^[0-9a-f]{${digits}}$`), `${digits} hexadecimal digits`);
  return { bytes: wanted, isMet: ({ claims }) => claims[name] === wanted };
}

function requireOneOf(option: string, value: string, words: readonly string[]): void {
  if (!words.includes(value))
    throw new Failure('usage', `Cannot read ${option}: ${value} is none of ${words.join(', ')}`);
}

function requireForm(option: string, value: string, form: RegExp, what: string): void {
  if (!form.test(value)) throw new Failure('usage', `Cannot read ${option}: ${value} is not ${what}`);
}

/** All that the options ask for, put together. */
export interface Wanted {
  /** The rarest bytes of all that each line holds: they are looked for first. null: every record is wanted. */
  readonly needles: readonly [Buffer] | null;
  /** The record of a line that is one, and wanted; `not-read`: it holds the bytes, and is no record. */
  read(line: Buffer): RecordView | 'not-read' | null;
}

/** Throws `Failure` (usage) for a value that no record can have, (other) where a name cannot be looked up. */
export function wantedBy(options: Options): Wanted {
  const filters = filterOptions.flatMap((name) => {
    const value = options[name];
    return value === undefined ? [] : [makers[name](value)];
  });
  // The longer, the rarer: ids and hashes before methods, and events last.
  const all = filters.map(({ bytes }) => Buffer.from(bytes)).sort((one, other) => other.length - one.length);
  const [rarest, ...others] = all;
  return {
    needles: rarest === undefined ? null : [rarest],
    read(line) {
      if (!others.every((bytes) => line.includes(bytes))) return null;
      const view = viewRecord(line);
      if (view === null) return 'not-read';
      return filters.every(({ isMet }) => isMet(view)) ? view : null;
    },
  };
}
