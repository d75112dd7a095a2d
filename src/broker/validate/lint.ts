/** Names that JavaScript gives a meaning of their own (S11). */
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);
/** Keywords whose values are maps from names to schemas. */
const SCHEMA_MAPS = new Set(['properties', '$defs', 'dependentSchemas']);
const SCHEMA_LISTS = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const SCHEMAS = new Set([
  'items',
  'not',
  'if',
  'then',
  'else',
  'contains',
  'additionalProperties',
  'unevaluatedProperties',
  'propertyNames',
  'unevaluatedItems',
]);

type Schema = Readonly<Record<string, unknown>>;
const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * What a schema may not hold although JSON Schema allows it: patterns that are not anchored (S8), objects that take
 * unknown members (S7, for params), references out of the file (S12), fractions in `multipleOf` (S15), reserved names.
 * @returns the first problem as "PLACE: why", or null
 */
export function lintSchema(
  schema: unknown,
  kind: 'params' | 'result' | 'error-data',
  place = '',
): string | null {
  if (!isSchema(schema)) return null;
  const { pattern, multipleOf, properties } = schema;
  if (typeof pattern === 'string' && !isAnchored(pattern)) return `${place}/pattern: must be anchored: ^…$`;
  if (typeof multipleOf === 'number' && !Number.isInteger(multipleOf))
    return `${place}/multipleOf: must be an integer`;
  for (const keyword of ['$ref', '$dynamicRef']) {
    const reference = schema[keyword];
    if (reference !== undefined && !(typeof reference === 'string' && reference.startsWith('#'))) {
      return `${place}/${keyword}: only references within the schema are followed`;
    }
  }
  for (const keyword of ['$id', '$schema', 'patternProperties', '$data']) {
    if (keyword in schema) return `${place}/${keyword}: is not accepted`;
  }
  if (isSchema(properties)) {
    const reserved = Object.keys(properties).find((name) => RESERVED.has(name));
    if (reserved !== undefined) return `${place}/properties/${reserved}: is a reserved name`;
    if (kind === 'params' && place === '' && '_meta' in properties)
      return '/properties/_meta: is a reserved name';
  }
  const isObject = schema['type'] === 'object' || isSchema(properties);
  const isClosed = schema['additionalProperties'] === false || schema['unevaluatedProperties'] === false;
  if (kind === 'params' && isObject && !isClosed) return `${place}: must have additionalProperties: false`;
  return lintWithin(schema, kind, place);
}

function lintWithin(schema: Schema, kind: Parameters<typeof lintSchema>[1], place: string): string | null {
  for (const [keyword, value] of Object.entries(schema)) {
    const inner: [string, unknown][] = SCHEMAS.has(keyword)
      ? [['', value]]
      : (SCHEMA_MAPS.has(keyword) && isSchema(value)) || (SCHEMA_LISTS.has(keyword) && Array.isArray(value))
        ? Object.entries(value).map(([name, member]) => [`/${name}`, member])
        : [];
    for (const [name, member] of inner) {
      const problem = lintSchema(member, kind, `${place}/${keyword}${name}`);
      if (problem !== null) return problem;
    }
  }
  return null;
}

/** Every alternative at the top must be held by one pair of anchors. */
function isAnchored(pattern: string): boolean {
  if (!pattern.startsWith('^') || !pattern.endsWith('$') || pattern.endsWith('\\$')) return false;
  let depth = 0;
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at];
    if (character === '\\') at += 1;
    else if (inClass) inClass = character !== ']';
    else if (character === '[') inClass = true;
    else if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === '|' && depth === 0) return false;
  }
  return true;
}
