/** A JSON value (RFC 8259) after strict parsing: plain data, nothing inherited. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

/** A JSON object. Parsed ones have no prototype, so a foreign key can never reach `Object.prototype`. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
