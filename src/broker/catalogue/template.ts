import type { Manifest } from '../../shared/configuration/types.generated.ts';
import { isJsonObject, type JsonObject } from '../../shared/json-value.ts';
import type { Output } from './output.ts';

/** One piece of an argv template: literal words, or what a param becomes. */
export type ArgumentPart =
  | { readonly kind: 'literal'; readonly word: string }
  | { readonly kind: 'param'; readonly param: string; readonly prefix: string }
  | { readonly kind: 'flag'; readonly param: string; readonly words: readonly string[] };

/** How validated params become a program's arguments, environment and stdin. */
export interface CommandTemplate {
  readonly arguments: readonly ArgumentPart[];
  /** In the order of the program's environment names; null: never set by this method. */
  readonly environment: readonly (string | null)[];
  readonly stdin: string | null;
  readonly output: Output;
  readonly exitStatuses: readonly number[];
}

type Entry = Manifest['methods'][string];
type Fail = (part: string, why: string) => Error;

/** Throws what `fail` makes where a template names what is not there, or would show a secret in an argv (X10). */
export function readTemplate(
  entry: Entry,
  environmentNames: readonly string[],
  properties: JsonObject,
  fail: Fail,
): CommandTemplate {
  function known(part: string, param: string): string {
    if (!Object.hasOwn(properties, param)) throw fail(part, `${param} is not a param`);
    return param;
  }
  function shown(param: string): string {
    const schema = properties[known('arguments', param)];
    if (isJsonObject(schema) && schema['secret'] === true) {
      throw fail('arguments', `${param} is secret: others on the host can read arguments`);
    }
    return param;
  }
  const parts = entry.arguments.map((part): ArgumentPart => {
    if (typeof part === 'string') return { kind: 'literal', word: part };
    if ('flag' in part) return { kind: 'flag', param: shown(part.flag), words: part.words };
    return { kind: 'param', param: shown(part.param), prefix: part.prefix ?? '' };
  });
  const undeclared = Object.keys(entry.environment).find((name) => !environmentNames.includes(name));
  if (undeclared !== undefined) throw fail('environment', `${undeclared} is not in program.environment`);
  return {
    arguments: parts,
    environment: environmentNames.map((name) => {
      const value = Object.hasOwn(entry.environment, name) ? entry.environment[name] : undefined;
      return value === undefined ? null : known('environment', value.param);
    }),
    stdin: entry.stdin === undefined ? null : known('stdin', entry.stdin.param),
    output: entry.output,
    exitStatuses: entry.exit_statuses,
  };
}
