import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { Failure } from '../failure.ts';
import type { Session } from './session.ts';

/** How long a built-in method may take, in milliseconds. */
export const BUILT_IN_WAIT_MS = 30_000;

/** One param of a method, as rpc.discover gives it. */
export interface ParamDescription {
  readonly name: string;
  readonly required: boolean;
  readonly schema: JsonValue;
}

/** One method that the caller may call, as rpc.discover gives it. */
export interface MethodDescription {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly params: readonly ParamDescription[];
  readonly result: JsonValue;
  readonly errors: readonly JsonValue[];
  /** Of `x-driverd`; null where the daemon says nothing. */
  readonly kind: string | null;
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly tags: readonly string[];
  /** The param that takes a command driver's standard input. */
  readonly stdin: string | null;
  readonly output: string | null;
  /** Its output comes in chunks. */
  readonly stream: boolean;
  /** It goes on when its caller has gone. */
  readonly finishes: boolean;
  /** The description as it came. */
  readonly source: JsonObject;
}

/**
 * Asks the daemon which methods the caller may call. Throws `Failure` (connection) for a document that is none.
 */
export async function discoverMethods(session: Session): Promise<readonly MethodDescription[]> {
  const { result } = await session.request('rpc.discover', {}, BUILT_IN_WAIT_MS);
  const methods = isJsonObject(result) ? result['methods'] : undefined;
  if (!Array.isArray(methods)) throw malformed();
  return methods.map(readMethod);
}

/** The description of one method; null where the caller may not call it, or it does not exist. */
export async function discoverMethod(session: Session, name: string): Promise<MethodDescription | null> {
  return (await discoverMethods(session)).find((method) => method.name === name) ?? null;
}

function malformed(): Failure {
  return new Failure('connection', "Cannot read the daemon's answer: rpc.discover gave no OpenRPC document");
}

function readMethod(source: JsonValue): MethodDescription {
  if (!isJsonObject(source)) throw malformed();
  const { name, params, result, errors } = source;
  const extension = source['x-driverd'];
  const details = isJsonObject(extension) ? extension : {};
  const { tags } = details;
  if (typeof name !== 'string') throw malformed();
  return {
    name,
    summary: textOr(source['summary'], ''),
    description: textOr(source['description'], ''),
    params: Array.isArray(params) ? params.map(readParam) : [],
    result: isJsonObject(result) ? (result['schema'] ?? null) : null,
    errors: Array.isArray(errors) ? errors : [],
    kind: textOr(details['kind'], null),
    destructive: details['destructive'] === true,
    idempotent: details['idempotent'] === true,
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === 'string') : [],
    stdin: textOr(details['stdin'], null),
    output: textOr(details['output'], null),
    stream: details['stream'] === true,
    finishes: details['on_disconnect'] === 'finish',
    source,
  };
}

function readParam(source: JsonValue): ParamDescription {
  if (!isJsonObject(source) || typeof source['name'] !== 'string') throw malformed();
  return { name: source['name'], required: source['required'] === true, schema: source['schema'] ?? null };
}

function textOr<Other>(value: JsonValue | undefined, other: Other): string | Other {
  return typeof value === 'string' ? value : other;
}
