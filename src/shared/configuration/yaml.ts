import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { ConfigurationError } from './configuration-error.ts';
import { nearestWord } from './nearest-word.ts';

/** Aliases that a file may use in all: enough for people, too few for a "billion laughs". */
const MAXIMUM_ALIASES = 16;

interface Problem {
  readonly instancePath: string;
  readonly keyword: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}
interface Validator<T> {
  (value: unknown): value is T;
  errors?: readonly Problem[] | null;
}

/** A file that was read and is within its schema; `fail` makes the error of a place in it. */
export interface ReadFile<T> {
  readonly value: T;
  fail(path: readonly string[], why: string): ConfigurationError;
}

/**
 * Reads one YAML 1.2 document (JSON is a subset), fills in defaults and checks it against its schema.
 * @param file name for errors
 * @param knownKeys every key of the schema, to name the nearest one of a misspelt key
 * @throws ConfigurationError with line and reason
 */
export function readYaml<T>(
  file: string,
  bytes: Uint8Array,
  validator: Validator<T>,
  knownKeys: readonly string[],
): ReadFile<T> {
  const lines = new LineCounter();
  const document = parse(file, bytes, lines);
  const fail = (path: readonly string[], why: string): ConfigurationError => {
    const line = lineOf(document, path, lines);
    const place = path.length === 0 ? '' : `${path.join('.')}: `;
    return new ConfigurationError(file, line, `${place}${why}`);
  };
  const value = toValue(document, fail);
  refuseReservedKeys(value, [], fail);
  if (validator(value)) return { value, fail };
  throw describe(validator.errors?.[0], value, knownKeys, fail);
}

function parse(file: string, bytes: Uint8Array, lineCounter: LineCounter): Document {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ConfigurationError(file, null, 'it is not UTF-8');
  }
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'core',
    strict: true,
    uniqueKeys: true,
    merge: false,
    lineCounter,
  });
  const [problem] = [...document.errors, ...document.warnings];
  if (problem === undefined) return document;
  const [firstLine = 'it is not YAML'] = problem.message.split('\n');
  const line = problem.linePos?.[0]?.line ?? null;
  throw new ConfigurationError(file, line, firstLine.replace(/ at line .*$/, ''));
}

type Fail = ReadFile<unknown>['fail'];

function toValue(document: Document, fail: Fail): unknown {
  try {
    return document.toJS({ maxAliasCount: MAXIMUM_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw fail([], 'it has too many aliases');
  }
}

function refuseReservedKeys(value: unknown, path: readonly string[], fail: Fail): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    if (key === '__proto__') throw fail(path, 'the key __proto__ is reserved');
    refuseReservedKeys(member, [...path, key], fail);
  }
  if (Object.getPrototypeOf(value) !== Object.prototype && !Array.isArray(value))
    throw fail(path, 'the key __proto__ is reserved');
}

function describe(
  problem: Problem | undefined,
  value: unknown,
  knownKeys: readonly string[],
  fail: Fail,
): ConfigurationError {
  if (problem === undefined) return fail([], 'it is not what its schema says');
  const path = problem.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { additionalProperty, allowedValues, propertyName } = problem.params;
  if (typeof additionalProperty === 'string') {
    const nearest = nearestWord(additionalProperty, knownKeys);
    return fail(
      [...path, additionalProperty],
      nearest === null ? 'unknown key' : `unknown key; did you mean ${nearest}?`,
    );
  }
  if (typeof propertyName === 'string') return fail([...path, propertyName], 'a name that is not allowed');
  if (Array.isArray(allowedValues)) {
    const nearest = nearestWord(String(valueAt(value, path)), allowedValues.map(String));
    const hint = nearest === null ? '' : `; did you mean ${nearest}?`;
    return fail(path, `must be one of ${allowedValues.join(', ')}${hint}`);
  }
  return fail(path, problem.message ?? problem.keyword);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const part of path) {
    const entry =
      typeof at === 'object' && at !== null ? Object.entries(at).find(([key]) => key === part) : undefined;
    at = entry?.[1];
  }
  return at;
}

/** The line of a place; where that is missing, of what is nearest above it. */
function lineOf(document: Document, path: readonly string[], lines: LineCounter): number | null {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path.slice(0, length);
    const parent = length === 0 ? null : document.getIn(part.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find((item) => isNode(item.key) && String(item.key) === part.at(-1))
      : undefined;
    const key = pair?.key;
    const node = isNode(key) ? key : document.getIn(part, true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}
