import { isJsonObject, type JsonValue } from '../../shared/json-value.ts';

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes as they travel: a string where they are UTF-8, else `{"base64": …}` (RFC 4648, section 4). */
export function toWire(bytes: Uint8Array): JsonValue {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { base64: Buffer.from(bytes).toString('base64') };
  }
}

/** The bytes of a value that `toWire` could have made; null for any other value. */
export function fromWire(value: JsonValue | undefined): Buffer | null {
  if (typeof value === 'string') return Buffer.from(value);
  const base64 = isJsonObject(value) ? value['base64'] : undefined;
  if (typeof base64 !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/u.test(base64)) return null;
  return Buffer.from(base64, 'base64');
}
