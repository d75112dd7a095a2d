import { parseManifest } from '../../shared/configuration/manifest.ts';
import type { Manifest, Profile } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { namedByPosition } from '../../shared/positional-params.ts';
import type { KeptIn } from '../logs/driver-logs.ts';
import { secretParamNames } from '../logs/secret-params.ts';
import { type CompiledSchema, compileSchema } from '../validate/schema.ts';
import { type CommandTemplate, readTemplate } from './template.ts';

export interface DeclaredError {
  readonly message: string;
  readonly data: CompiledSchema | null;
}

/** One method of an enabled driver. */
export interface Method {
  /** As callers name it: `<profile>.<method>`. */
  readonly name: string;
  readonly profile: string;
  readonly localName: string;
  readonly kind: 'jsonrpc' | 'command';
  readonly title: string | null;
  readonly description: string | null;
  readonly params: CompiledSchema;
  readonly result: CompiledSchema;
  readonly paramsSchema: JsonObject;
  readonly resultSchema: JsonObject;
  readonly positional: readonly string[];
  readonly destructive: boolean;
  readonly idempotent: boolean;
  readonly tags: readonly string[];
  /** Granted by the profile. */
  readonly capabilities: readonly string[];
  readonly timeoutMs: number | null;
  readonly errors: ReadonlyMap<string, DeclaredError>;
  readonly command: CommandTemplate | null;
  readonly outputBytes: number;
  /** Its output comes in chunks while it runs, and is limited by `streamBytes`. */
  readonly streams: boolean;
  readonly streamBytes: number;
  /** It runs on when its caller has gone. */
  readonly finishes: boolean;
  /** Drops output beyond its limit instead of ending the call. */
  readonly truncates: boolean;
  readonly wallMs: number;
  /** How long its driver may say nothing; null: as long as it runs. */
  readonly idleMs: number | null;
  readonly stderrInErrors: boolean;
  /** What the records say of its params. */
  readonly paramsOnRecord: Profile['params'];
  /** Where what the driver says for people is kept. */
  readonly logs: KeptIn;
  /** Params that the schema marks as secret, or a part of them. */
  readonly secretParams: readonly string[];
}

type MethodEntry = Manifest['methods'][string];

/**
 * The methods that a profile enables, every schema compiled.
 * @throws ConfigurationError with the manifest's file and line
 */
export function loadMethods(
  profileName: string,
  profile: Profile,
  manifestFile: string,
  manifestBytes: Uint8Array,
): readonly Method[] {
  const read = parseManifest(manifestFile, manifestBytes);
  return Object.entries(read.value.methods).map(([name, entry]) =>
    loadMethod(profileName, profile, read, name, entry),
  );
}

function loadMethod(
  profileName: string,
  profile: Profile,
  read: ReadFile<Manifest>,
  localName: string,
  entry: MethodEntry,
): Method {
  const manifest = read.value;
  const at = ['methods', localName];
  function compiled(schema: unknown, part: string, kind: 'params' | 'result' | 'error-data'): CompiledSchema {
    try {
      return compileSchema(schema, part, kind);
    } catch (error) {
      throw read.fail([...at, part], error instanceof Error ? error.message : 'it does not compile');
    }
  }
  const params = compiled(entry.params, 'params', 'params');
  const paramsSchema = toJsonObject(entry.params);
  const properties = propertiesOf(paramsSchema);
  const unknown = entry.positional.find((name) => !(name in properties));
  if (unknown !== undefined) throw read.fail([...at, 'positional'], `${unknown} is not a param`);
  const command =
    manifest.kind === 'command'
      ? readTemplate(entry, manifest.program.environment, properties, (part, why) =>
          read.fail([...at, part], why),
        )
      : null;
  if (command === null && (entry.arguments.length > 0 || entry.stdin !== undefined)) {
    throw read.fail(at, 'only command drivers map params to arguments or stdin');
  }
  if (entry.stream && command !== null && command.output !== 'text' && command.output !== 'lines')
    throw read.fail([...at, 'stream'], `a stream is text or lines, and this output is ${command.output}`);
  if (entry.stream && profile.mode === 'persistent')
    throw read.fail([...at, 'stream'], `${profileName} is persistent: its calls share one stdout`);
  const errors = Object.entries(entry.errors).map(([word, { message, data }]): [string, DeclaredError] => {
    return [word, { message, data: data === undefined ? null : compiled(data, 'errors', 'error-data') }];
  });
  return {
    ...{ name: `${profileName}.${localName}`, profile: profileName, localName, kind: manifest.kind },
    ...{ title: entry.title ?? null, description: entry.description ?? null },
    ...{ params, result: compiled(entry.result, 'result', 'result') },
    ...{ paramsSchema, resultSchema: toJsonObject(entry.result), positional: entry.positional },
    ...{
      destructive: entry.destructive,
      idempotent: entry.idempotent,
      tags: entry.tags,
      capabilities: profile.capabilities,
    },
    ...{ timeoutMs: entry.timeout_ms ?? null, errors: new Map(errors), command },
    outputBytes: profile.limits.output_bytes,
    ...{ wallMs: profile.limits.wall_ms, idleMs: profile.limits.idle_ms },
    ...{ streams: entry.stream, streamBytes: profile.limits.stream_bytes },
    finishes: entry.on_disconnect === 'finish',
    truncates: profile.on_output_limit === 'truncate',
    stderrInErrors: profile.stderr_in_errors,
    paramsOnRecord: profile.params,
    logs: profile.logs,
    secretParams: secretParamNames(paramsSchema),
  };
}

/** Params by name: those given by position get the names of the manifest. Null: they cannot be told apart. */
export function namedParams(
  method: Method,
  params: JsonObject | readonly JsonValue[] | undefined,
): JsonObject | null {
  if (params !== undefined && isJsonObject(params)) return params;
  return namedByPosition(method.positional, params ?? []);
}

function propertiesOf(schema: JsonObject): JsonObject {
  const { properties } = schema;
  return isJsonObject(properties) ? properties : {};
}

/** YAML's values are JSON's once they went through JSON. */
function toJsonObject(value: unknown): JsonObject {
  const json: JsonValue = JSON.parse(JSON.stringify(value));
  return isJsonObject(json) ? json : {};
}
