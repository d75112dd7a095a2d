import type { Caller } from '../../shared/caller.ts';
import type { JsonObject, JsonValue } from '../../shared/json-value.ts';
import { isJsonObject } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { Generation } from '../configuration/generation.ts';
import { type BuiltIn, NO_PARAMS } from './built-in.ts';

const OPENRPC_VERSION = '1.3.2';
/** What stands in no method's schema (frame/metadata.ts). */
const DESCRIPTION =
  'Params by name may have a member _meta, in which a call says of itself: traceparent (W3C Trace Context), progressToken ' +
  '(it is told of progress by rpc.progress, and gets by rpc.chunk what a method with x-driverd.stream prints, for which it is ' +
  'required), timeoutMs, reply (asks for _meta in the reply), raw, and reason: why it is made, in at most 256 visible characters, ' +
  'which stands in the audit log.';

/** `rpc.discover`: an OpenRPC document (spec.open-rpc.org) of what this caller may call with some params. */
export function discoverMethod(version: () => string): BuiltIn {
  return {
    name: 'rpc.discover',
    needsPermit: false,
    summary: 'Describes the methods that you may call.',
    params: NO_PARAMS,
    answer({ session: { caller } }, generation) {
      const methods = [...generation.methods.values()].filter((method) =>
        generation.policy.callable(caller, method.name),
      );
      return {
        openrpc: OPENRPC_VERSION,
        info: { title: 'driverd', version: version(), description: DESCRIPTION },
        methods: [...builtInsFor(caller, generation), ...methods.map(describe)],
      };
    },
  };
}

function builtInsFor(caller: Caller, generation: Generation): JsonValue[] {
  return [...generation.builtIns.values()]
    .filter((builtIn) => !builtIn.needsPermit || generation.policy.callable(caller, builtIn.name))
    .map(({ name, summary, params: { schema } }) => ({
      ...{ name, summary, params: paramsOf(schema, []), paramStructure: 'by-name' },
      result: { name: 'result', schema: { type: 'object' } },
    }));
}

function describe(method: Method): JsonObject {
  const { paramsSchema, resultSchema, command } = method;
  return {
    name: method.name,
    summary: method.title ?? method.name,
    description: method.description ?? '',
    paramStructure: method.positional.length > 0 ? 'either' : 'by-name',
    params: paramsOf(paramsSchema, method.positional),
    result: { name: 'result', schema: resultSchema },
    errors: [...method.errors].map(([error, { message }]) => ({ code: -32015, message, data: { error } })),
    'x-driverd': {
      ...{
        kind: method.kind,
        destructive: method.destructive,
        idempotent: method.idempotent,
        tags: method.tags,
      },
      ...{ positional: method.positional, stdin: command?.stdin ?? null, output: command?.output ?? null },
      ...{ stream: method.streams, on_disconnect: method.finishes ? 'finish' : 'cancel' },
      params: paramsSchema,
    },
  };
}

/** @param first names that come before the others, in their order */
function paramsOf(schema: JsonObject, first: readonly string[]): JsonValue[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const order = [...first, ...Object.keys(properties).filter((name) => !first.includes(name))];
  return order.map((name) => ({
    name,
    required: required.includes(name),
    schema: properties[name] ?? {},
  }));
}
