import { expect, test } from 'vitest';
import { replacePart } from '../../scripts/document-parts.ts';

test('a document without the markers of a part is not written over', () => {
  const text = 'a\n<!-- x: made by scripts/generate-y.ts -->\nold\n<!-- end of x -->\nb\n';
  const replace = (name: string, of = text): string => replacePart(of, name, 'generate-y.ts', 'new\n');
  expect(replace('x')).toContain('\n\nnew\n\n<!-- end of x -->\nb\n');
  expect(() => replace('y')).toThrow('Cannot write the part y: its markers are not there');
  expect(() => replace('x', text.replace('<!-- end of x -->', ''))).toThrow('Cannot write the part x');
});
