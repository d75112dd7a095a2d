import { wrongWithReason } from '../shared/call-reason.ts';

/**
 * Closed shapes for the messages of the boundary. A message has exactly the fields of its shape, each of a bounded
 * type; there are no optional fields, only nullable ones.
 */
export type Check<T> = (value: unknown) => value is T;
export type Shape = Readonly<Record<string, Check<unknown>>>;
export type ShapeOf<S extends Shape> = {
  readonly [K in keyof S]: S[K] extends Check<infer T> ? T : never;
};
export type Table = Readonly<Record<string, Shape>>;
/** The union of a table's messages, told apart by `type`. */
export type MessageOf<T extends Table> = {
  [K in keyof T & string]: { readonly type: K } & ShapeOf<T[K]>;
}[keyof T & string];

export const count: Check<number> = (value): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

export const flag: Check<boolean> = (value): value is boolean => typeof value === 'boolean';

/** A signed 32-bit number: an error code. */
export const errorCode: Check<number> = (value): value is number =>
  typeof value === 'number' && (value | 0) === value;

export function word<const W extends string>(...words: readonly W[]): Check<W> {
  const allowed: ReadonlySet<unknown> = new Set(words);
  return (value): value is W => allowed.has(value);
}

export function hex(length: number): Check<string> {
  const pattern = new RegExp(`^[0-9a-f]{${length}}$`);
  return (value): value is string => typeof value === 'string' && pattern.test(value);
}

/** Printable ASCII, at most `maximum` characters: no quotes are special, since it is written anew as JSON. */
export function printable(maximum: number): Check<string> {
  return (value): value is string =>
    typeof value === 'string' && value.length <= maximum && /^[\x20-\x7e]*$/.test(value);
}

/** A caller's own reason for a call. */
export const callReason: Check<string> = (value): value is string =>
  typeof value === 'string' && wrongWithReason(value) === null;

/** Any text of at most `maximum` UTF-16 units; for what the privileged side sends. */
export function text(maximum: number): Check<string> {
  return (value): value is string => typeof value === 'string' && value.length <= maximum;
}

export const profileName: Check<string> = (value): value is string =>
  typeof value === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(value);

/** RFC 9562, lower case. */
export const uuid: Check<string> = (value): value is string =>
  typeof value === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(value);

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

export function list<T>(check: Check<T>, maximum: number): Check<readonly T[]> {
  return (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= maximum && value.every(check);
}

export function object<S extends Shape>(shape: S): Check<ShapeOf<S>> {
  const fields = Object.entries(shape).map(([name, check]) => ({ name, check }));
  return (value): value is ShapeOf<S> => {
    if (!isRecord(value) || Object.keys(value).length !== fields.length) return false;
    for (const { name, check } of fields)
      if (!Object.hasOwn(value, name) || !check(value[name])) return false;
    return true;
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads messages of one table from frame bodies; returns null for whatever is not exactly one of them.
 *
 * By JSON.parse, unlike what comes from callers and drivers (src/shared/json/parse.ts): a message has one reader, and its
 * sender may say whatever the table allows. So there is nothing to win by a spelling that could be read in two ways. Names
 * of members are the table's and have no escapes, so that it reads them rightly (nodejs/node#63785). It needs no stack for
 * nesting, and frames are bounded.
 */
export function messageReader<T extends Table>(table: T): (body: Buffer) => MessageOf<T> | null {
  const checks = new Map(
    Object.entries(table).map(([type, shape]) => [type, object({ ...shape, type: word(type) })]),
  );
  return (body) => {
    const value = parse(body.toString());
    if (!isRecord(value) || typeof value['type'] !== 'string') return null;
    return checks.get(value['type'])?.(value) ? (value as MessageOf<T>) : null;
  };
}

/** null also for what is no JSON, since no message is that. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
