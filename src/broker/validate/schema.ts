import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { RE2JS } from 're2js';
import type { JsonValue } from '../../shared/json-value.ts';
import { FORMATS } from './formats.ts';
import { lintSchema } from './lint.ts';
import { isSchema } from './meta-schema.generated.js';

export type SchemaKind = 'params' | 'result' | 'error-data';

export type Verdict =
  | { readonly ok: true }
  | {
      readonly ok: false;
      /** JSON pointer (RFC 6901) into the value. */
      readonly at: string;
      /** The keyword that refused it. No value is quoted. */
      readonly rule: string;
    };

export interface CompiledSchema {
  check(value: JsonValue): Verdict;
}

const PASSES: Verdict = { ok: true };

/**
 * Patterns run on RE2's algorithm, in linear time whatever the pattern and the text: a manifest cannot bring a pattern
 * that backtracks (S1). What RE2 does not know (look-around, back-references) is refused at load.
 */
function linearPattern(pattern: string): { test(text: string): boolean; toString(): string } {
  const compiled = RE2JS.compile(pattern);
  return { test: (text) => compiled.matcher(text).find(), toString: () => pattern };
}

/**
 * One compiler for each schema, so that no schema can refer to another one's definitions; nor to the meta-schema, which
 * it does not hold.
 */
function newCompiler(): Ajv2020 {
  const ajv = new Ajv2020({
    ...{
      strict: true,
      strictTypes: true,
      strictTuples: true,
      strictRequired: true,
      allErrors: false,
      $data: false,
    },
    ...{
      coerceTypes: false,
      useDefaults: false,
      removeAdditional: false,
      ownProperties: true,
      meta: false,
      validateSchema: false,
    },
    ...{ addUsedSchema: false, logger: false, messages: false },
    formats: Object.fromEntries(Object.entries(FORMATS)),
    code: { regExp: Object.assign(linearPattern, { code: 'linearPattern' }) },
  });
  ajv.addKeyword({ keyword: 'secret', schemaType: 'boolean' });
  return ajv;
}

/**
 * Compiles a schema of a manifest (JSON Schema 2020-12, ajv's strict mode and the rules of lint.ts).
 * @param place for errors, for example "methods.usage.params"
 * @throws Error "PLACE: why"
 */
export function compileSchema(schema: unknown, place: string, kind: SchemaKind): CompiledSchema {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new Error(`${place}: must be an object`);
  const problem = lintSchema(schema, kind);
  if (problem !== null) throw new Error(`${place}${problem}`);
  if (kind === 'params' && !('type' in schema && schema.type === 'object'))
    throw new Error(`${place}: must have type: object`);
  let validate: ValidateFunction;
  try {
    if (!isSchema(schema)) throw new Error(problemsOf(isSchema.errors ?? []));
    validate = newCompiler().compile(schema);
  } catch (error) {
    throw new Error(`${place}: ${error instanceof Error ? error.message : 'it does not compile'}`);
  }
  return { check: (value) => check(validate, value) };
}

const problemsOf = (problems: NonNullable<typeof isSchema.errors>): string =>
  problems.map(({ instancePath, message }) => `data${instancePath} ${message}`).join(', ');

function check(validate: ValidateFunction, value: JsonValue): Verdict {
  try {
    if (validate(value) === true) return PASSES;
  } catch (error) {
    // A recursive schema on deep data runs out of stack (S5).
    if (!(error instanceof RangeError)) throw error;
    return { ok: false, at: '', rule: 'depth' };
  }
  const [problem] = validate.errors ?? [];
  return { ok: false, at: problem?.instancePath ?? '', rule: problem?.keyword ?? 'schema' };
}
