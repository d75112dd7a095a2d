import { expect, test } from 'vitest';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';

test('a profile whose limit would not be held is refused: calls of a persistent driver share what it says (invariant 8)', () => {
  const parse = (more: string) => parseProfile('/c/tool.yaml', Buffer.from(`version: 1\n${more}`));
  const idle = 'limits: { idle_ms: 1000 }\n';
  expect(() => parse(`mode: persistent\n${idle}`)).toThrow(/idle_ms.*no call can be told to be idle/);
  expect(parse(idle).value.limits.idle_ms).toBe(1_000);
});
