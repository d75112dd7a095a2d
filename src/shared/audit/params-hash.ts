import { createSecretKey, hash, type KeyObject } from 'node:crypto';
import { canonicalJson } from '../json/canonical.ts';
import type { JsonObject, JsonValue } from '../json-value.ts';
import { type Hmac, hmacUnder } from './hmac.ts';

/** A key under which params are recorded. The broker never has one (invariant 13). */
export interface ParamsKey {
  /** First 16 hex digits of SHA-256 of the key; stands beside every hash. */
  readonly id: string;
  /** When it was made, ISO 8601. */
  readonly created: string;
  readonly secret: KeyObject;
  readonly hmac: Hmac;
}

export const PARAMS_KEYS_FILE = 'params-keys.json';
/** The present key and old ones, kept for look-up; beyond it the oldest is forgotten. */
export const PARAMS_KEYS_MAXIMUM = 64;
/** Longest file, in bytes. */
export const PARAMS_KEYS_BYTES = 16_384;

const KEY_BYTES = 32;
const SHA256 = /^[0-9a-f]{64}$/;
const KEY =
  '\\{"id":"([0-9a-f]{16})","created":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z)","key":"([0-9a-f]{64})"\\}';
const ONE_KEY = new RegExp(KEY, 'g');
const CONTENT = new RegExp(`^\\{"version":1,"keys":\\[${KEY}(?:,${KEY})*\\]\\}\\n$`);

/** @throws RangeError for bytes that are no key */
export function paramsKey(bytes: Uint8Array, created: string): ParamsKey {
  if (bytes.length !== KEY_BYTES) throw new RangeError('Cannot use the params key: it is not 32 bytes long');
  const id = hash('sha256', bytes).slice(0, 16);
  return { id, created, secret: createSecretKey(bytes), hmac: hmacUnder(bytes) };
}

/** The file of keys, the present one first. */
export function encodeParamsKeys(keys: readonly ParamsKey[]): string {
  const texts = keys.map(
    ({ id, created, secret }) =>
      `{"id":"${id}","created":"${created}","key":"${secret.export().toString('hex')}"}`,
  );
  return `{"version":1,"keys":[${texts.join()}]}\n`;
}

/**
 * Reads a file of keys. Throws Error "it is …" or "its …" where that is not exactly what `encodeParamsKeys` writes, a
 * key is not the one that its id names, or there are too many.
 */
export function decodeParamsKeys(text: string): readonly [ParamsKey, ...ParamsKey[]] {
  if (text.length > PARAMS_KEYS_BYTES || !CONTENT.test(text))
    throw new Error('it is not in the form of keys');
  const keys = [...text.matchAll(ONE_KEY)].map(([, id, created = '', hex = '']) => {
    const key = paramsKey(Buffer.from(hex, 'hex'), created);
    if (key.id !== id) throw new Error('its id is not that of its key');
    return key;
  });
  const [present, ...old] = keys;
  if (present === undefined || keys.length > PARAMS_KEYS_MAXIMUM)
    throw new Error(`it has more than ${PARAMS_KEYS_MAXIMUM} keys`);
  if (new Set(keys.map(({ id }) => id)).size !== keys.length) throw new Error('it has a key twice');
  return [present, ...old];
}

/** SHA-256 of params in their canonical JSON (RFC 8785), hex: what the broker tells of them. */
export function paramsDigest(params: JsonObject | readonly JsonValue[]): string {
  return hash('sha256', canonicalJson(params), 'hex');
}

/**
 * What a record says of a call's params: HMAC-SHA-256(key, method, NUL, sha256), hex.
 *
 * @param method the full method name; has no NUL
 * @param sha256 `paramsDigest`
 * @throws RangeError for what is none, or a NUL in the method: two different calls could have one hash
 */
export function paramsHash(key: ParamsKey, method: string, sha256: string): string {
  if (!SHA256.test(sha256)) throw new RangeError('Cannot hash the params: their digest is none');
  if (method.includes('\0')) throw new RangeError('Cannot hash the params: the method name has a NUL');
  return key.hmac(Buffer.concat([Buffer.from(`${method}\0`), Buffer.from(sha256, 'hex')]));
}
