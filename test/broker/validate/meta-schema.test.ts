import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { metaSchemaText } from '../../../scripts/generate-meta-schema.ts';
import { isSchema } from '../../../src/broker/validate/meta-schema.generated.js';

const schemas: readonly unknown[] = [
  { type: 'object', required: ['a'], additionalProperties: false, properties: { a: { type: 'string' } } },
  { $ref: '#/$defs/a', $defs: { a: { type: 'string', maxItems: 3 } } },
  { prefixItems: [true, { pattern: '(' }], items: false },
  ...[true, 5, null, [], 'object'],
  { type: 'objekt' },
  { properties: { a: { type: 5 } } },
  { properties: { a: { minimum: 'x' } } },
  { anyOf: [] },
  { anyOf: [{ type: 'string', minLength: -1 }] },
  { $defs: { x: { not: { items: 7 } } } },
  { items: { if: { enum: 3 } } },
  { required: ['a', 'a'] },
  { dependentSchemas: { a: { type: [] } } },
  { unevaluatedProperties: { deep: {} }, contains: { propertyNames: { maxLength: 1.5 } } },
];

test('the compiled meta-schema refuses what ajv refuses, with the same words', () => {
  const ajv = new Ajv2020({ strict: true, logger: false });
  for (const schema of schemas) {
    const expected = ajv.validate('https://json-schema.org/draft/2020-12/schema', schema);
    expect(isSchema(schema)).toBe(expected);
    const words = (isSchema.errors ?? []).map(
      ({ instancePath, message }) => `data${instancePath} ${message}`,
    );
    expect(words.join(', ')).toBe(expected ? '' : ajv.errorsText(ajv.errors));
  }
});

test('the compiled meta-schema is what its generator makes: else run npm run generate', async () => {
  const path = new URL('../../../src/broker/validate/meta-schema.generated.js', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(await metaSchemaText());
});
