import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Callable } from '../../../src/broker/call.ts';
import { loadMethods } from '../../../src/broker/catalogue/catalogue.ts';
import { validate } from '../../../src/broker/validate/validate.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';
import { canonicalJson } from '../../../src/shared/json/canonical.ts';
import type { JsonObject } from '../../../src/shared/json-value.ts';

const [method] = loadMethods(
  'tool',
  parseProfile('/c/tool.yaml', Buffer.from('version: 1\n')).value,
  '/d/tool/driver.yaml',
  Buffer.from(
    'version: 1\nname: tool\nkind: jsonrpc\nprogram: { node: x.ts }\nmethods:\n  run:\n    params: { type: object, additionalProperties: false, properties: { a: { type: array, items: { type: integer } } } }\n    result: { type: object }\n',
  ),
);

/** Only what this stage reads of a call. */
function callable(params: JsonObject): Callable {
  return {
    stage: 'callable',
    target: { kind: 'driver', method },
    request: { id: 1, method: 'tool.run', params },
  } as unknown as Callable;
}

test('what was validated is hashed and can no longer change (invariant 4, Z4)', () => {
  const valid = validate(callable({ a: [1, 2], _meta: { timeoutMs: 5, unknown: true } }));
  if (valid.stage !== 'valid') throw new Error('it was refused');
  expect(valid.params).toEqual({ a: [1, 2] });
  expect(valid.paramsSha256).toBe(
    createHash('sha256')
      .update(canonicalJson({ a: [1, 2] }))
      .digest('hex'),
  );
  expect(Object.isFrozen(valid.params) && Object.isFrozen(valid.params['a'])).toBe(true);
  expect(valid.metadata.timeoutMs).toBe(5);
});

test('a wrong value in _meta is refused by its place', () => {
  expect(validate(callable({ _meta: { timeoutMs: 'soon' } }))).toMatchObject({
    reason: 'invalid-params',
    extra: { at: '/_meta/timeoutMs' },
  });
});
