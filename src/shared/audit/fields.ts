/** What a record may hold below `facts` and `claims`: plain JSON whose numbers are finite. */
export type AuditField = string | number | boolean | null | readonly AuditField[] | AuditFields;

export interface AuditFields {
  readonly [key: string]: AuditField;
}

/** Deepest nesting below `facts` or `claims`. */
export const FIELD_DEPTH_MAXIMUM = 8;

// JSON.stringify leaves these as they are. Readers that take U+2028, U+2029 or U+0085 for the end of a line would see
// two lines where one was written, and terminals obey DEL and the C1 controls (sudo NEWS 1.9.13).
const LEFT_BY_STRINGIFY = /[\u007f-\u009f\u2028\u2029]/;
const ALL_LEFT_BY_STRINGIFY = new RegExp(LEFT_BY_STRINGIFY, 'g');

const kept = new WeakMap<AuditFields, string>();

/** Makes the text of fields that many records hold, once; from here on they must not change, and cannot where they are flat. */
export function keepText(fields: AuditFields): AuditFields {
  kept.set(Object.freeze(fields), encode(fields));
  return fields;
}

/**
 * The JSON text of `facts` or `claims`: one line whatever the strings hold (A4).
 * Throws TypeError where JSON.stringify would quietly write another value: a number that is not finite, undefined, an
 * object that is not plain data, or nesting over FIELD_DEPTH_MAXIMUM.
 */
export function encodeFields(fields: AuditFields): string {
  return kept.get(fields) ?? encode(fields);
}

function encode(fields: AuditFields): string {
  requirePlain(fields, 0);
  const text = JSON.stringify(fields);
  // Nearly no text holds any, and `test` looks for them in half the time.
  return LEFT_BY_STRINGIFY.test(text) ? text.replace(ALL_LEFT_BY_STRINGIFY, escapeUnit) : text;
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function requirePlain(value: unknown, depth: number): void {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return;
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return;
    throw new TypeError('Cannot write the audit record: a number is not finite');
  }
  if (depth > FIELD_DEPTH_MAXIMUM)
    throw new TypeError('Cannot write the audit record: it is nested too deeply');
  if (Array.isArray(value)) {
    for (const element of value) requirePlain(element, depth + 1);
    return;
  }
  if (typeof value !== 'object' || !isPlain(value)) {
    throw new TypeError(
      `Cannot write the audit record: a field is of type ${typeof value} and not plain data`,
    );
  }
  for (const key of Object.keys(value)) requirePlain(Reflect.get(value, key), depth + 1);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
