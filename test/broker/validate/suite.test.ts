import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { compileSchema } from '../../../src/broker/validate/schema.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';

interface Group {
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly {
    readonly description: string;
    readonly data: JsonValue;
    readonly valid: boolean;
  }[];
}
const folder = new URL('../../suites/JSON-Schema-Test-Suite/draft2020-12/', import.meta.url);
/** `format` is an assertion here; in the suite's core it is an annotation. */
const OTHERWISE = new Set(['format.json']);

test('every schema of the JSON-Schema-Test-Suite that our strict options accept gets the suite’s verdicts (S18)', () => {
  const wrong: string[] = [];
  let judged = 0;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.json') && !OTHERWISE.has(name))) {
    const groups: Group[] = JSON.parse(readFileSync(new URL(file, folder), 'utf8'));
    for (const { description, schema, tests } of groups) {
      const bare = typeof schema === 'object' && schema !== null ? { ...schema, $schema: undefined } : schema;
      let compiled: ReturnType<typeof compileSchema>;
      try {
        compiled = compileSchema(JSON.parse(JSON.stringify(bare)), file, 'result');
      } catch {
        // Strict options accept fewer schemas; those they accept must mean what the standard says.
        continue;
      }
      for (const { description: what, data, valid } of tests) {
        judged += 1;
        if (compiled.check(data).ok !== valid) wrong.push(`${file}: ${description}: ${what}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(judged).toBeGreaterThan(200);
});
