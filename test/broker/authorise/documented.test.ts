import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { paramsType } from '../../../src/broker/authorise/params-type.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';
import { load, method } from './fixtures.ts';

const TEXT = readFileSync(join(import.meta.dirname, '../../../docs/policy.md'), 'utf8');
const blocks = (language: string): string[] =>
  [...TEXT.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);

const PATH = paramsType({ type: 'object', properties: { path: { type: 'string' } } });
const ASKED = paramsType({
  type: 'object',
  properties: {
    method: { type: 'string' },
    as: { type: 'object', properties: { uid: { type: 'integer' } } },
  },
});
const METHODS = [
  method('disk.usage', { params: PATH, tags: ['storage'] }),
  method('disk.largest', { params: PATH, tags: ['storage'] }),
  method('rpc.explain', { params: ASKED }),
];

test('the policies of docs/policy.md are loaded as they stand there', () => {
  expect(blocks('cedar').length).toBeGreaterThanOrEqual(3);
  for (const text of blocks('cedar')) load(text, METHODS).release();
});

test('the settings of docs/policy.md are accepted as they stand there', () => {
  expect(blocks('yaml').length).toBeGreaterThanOrEqual(2);
  for (const text of blocks('yaml'))
    expect(parseSettings('driverd.yaml', Buffer.from(`version: 1\n${text}`)).version).toBe(1);
});
