import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { type RequestId, readRequestId } from './request-id.ts';

export type { RequestId } from './request-id.ts';

/** A call or notification whose form was checked; method and params still are what the caller likes. */
export interface Request {
  /** undefined: a notification, which gets no reply (section 4.1). */
  readonly id: RequestId | undefined;
  readonly method: string;
  readonly params: JsonObject | readonly JsonValue[] | undefined;
}

export type EnvelopeElement =
  | { readonly kind: 'request'; readonly request: Request }
  /** `id` is the one to answer with: null where the call's own could not be read or is taken (section 5). */
  | { readonly kind: 'invalid'; readonly id: RequestId };

export type Envelope =
  | { readonly kind: 'single'; readonly element: EnvelopeElement }
  | { readonly kind: 'batch'; readonly elements: readonly EnvelopeElement[] }
  /** An empty batch, or one over its limit: answered by a single error (section 6). */
  | { readonly kind: 'invalid' };

export interface EnvelopeLimits {
  /** Most elements of a batch, at least 1. */
  readonly batchLength: number;
}

const longestMethodBytes = 256;
const memberNames: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);

/**
 * Checks a message against JSON-RPC 2.0 sections 4 to 6 (https://www.jsonrpc.org/specification), without guessing: a
 * member that the specification does not know, `params: null` or an id used twice in one batch makes that call
 * invalid. Responses are invalid too: this end never calls.
 *
 * @param value what `parseJson` has read
 */
export function readEnvelope(value: JsonValue, limits: EnvelopeLimits): Envelope {
  if (!Array.isArray(value)) return { kind: 'single', element: readElement(value) };
  if (value.length === 0 || value.length > limits.batchLength) return { kind: 'invalid' };
  const taken = new Set<RequestId>();
  return {
    kind: 'batch',
    elements: value.map((item: JsonValue) => withoutRepeatedId(readElement(item), taken)),
  };
}

function readElement(value: JsonValue): EnvelopeElement {
  if (!isJsonObject(value)) return { kind: 'invalid', id: null };
  const { jsonrpc, id: givenId, method, params } = value;
  const id = givenId === undefined ? undefined : readRequestId(givenId);
  const invalid: EnvelopeElement = { kind: 'invalid', id: id ?? null };
  if (givenId !== undefined && id === undefined) return invalid;
  if (jsonrpc !== '2.0' || !isMethodName(method) || !isParams(params)) return invalid;
  if (!Object.keys(value).every((name) => memberNames.has(name))) return invalid;
  return { kind: 'request', request: { id, method, params } };
}

/** Two replies with one id could not be told apart, so the second call is refused, and under no id. */
function withoutRepeatedId(element: EnvelopeElement, taken: Set<RequestId>): EnvelopeElement {
  const id = element.kind === 'request' ? element.request.id : (element.id ?? undefined);
  if (id === undefined) return element;
  if (taken.has(id)) return { kind: 'invalid', id: null };
  taken.add(id);
  return element;
}

function isMethodName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= longestMethodBytes;
}

function isParams(value: JsonValue | undefined): value is Request['params'] {
  return value === undefined || Array.isArray(value) || isJsonObject(value);
}
