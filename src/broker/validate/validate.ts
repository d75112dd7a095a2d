import { paramsDigest } from '../../shared/audit/params-hash.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { type Callable, type Refused, refuse, type Valid } from '../call.ts';
import { namedParams } from '../catalogue/catalogue.ts';
import type { Request } from '../frame/envelope.ts';
import { readMetadata } from '../frame/metadata.ts';

/**
 * Metadata off, positions to names, then the method's schema. What passes is frozen and hashed: the value that is
 * validated is the one that is authorised, recorded and executed (invariant 4).
 */
export function validate(callable: Callable): Valid | Refused {
  const reading = readMetadata(callable.request.params);
  if (reading.kind === 'refused') return invalid(reading.at, reading.rule);
  const params = named(callable, reading.params);
  if (params === null) return invalid('', 'positional');
  const { target } = callable;
  const schema = target.kind === 'built-in' ? target.builtIn.params.compiled : target.method.params;
  const checked = schema.check(params);
  if (!checked.ok) return invalid(checked.at, checked.rule);
  freeze(params);
  const paramsSha256 = paramsDigest(params);
  const { metadata } = reading;
  return { ...callable, stage: 'valid', params, metadata, paramsSha256, validatedAt: performance.now() };
}

function named({ target }: Callable, params: Request['params']): JsonObject | null {
  if (target.kind === 'driver') return namedParams(target.method, params);
  if (params === undefined) return Object.create(null);
  return isJsonObject(params) ? params : params.length === 0 ? Object.create(null) : null;
}

function invalid(at: string, rule: string): Refused {
  return refuse('invalid', 'invalid-params', { at, rule });
}

/** Bounded by the nesting depth that the parser accepts. */
function freeze(value: JsonValue): void {
  if (typeof value !== 'object' || value === null) return;
  Object.freeze(value);
  if (isJsonObject(value)) for (const name in value) freeze(value[name] ?? null);
  else for (const item of value) freeze(item);
}
