import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderDocument, replacePart, scrubbingDocuments } from '../../scripts/generate-scrubbing.ts';
import { RULES } from '../../src/broker/scrub/rules/all.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

test.each(scrubbingDocuments)(
  '$path has the rules as they are and the figures of the last measurement: else run npm run generate',
  ({ path, parts }) => {
    expect(renderDocument(read(path), parts)).toBe(read(path));
  },
);

test('every rule is named', () => {
  for (const { id } of RULES) expect(read('docs/scrubbing.md')).toContain(`\`${id}\``);
});

test('a document without the markers of a part is not written over', () => {
  const text = 'a\n<!-- x: made by scripts/generate-scrubbing.ts -->\nold\n<!-- end of x -->\nb\n';
  expect(replacePart(text, 'x', 'new\n')).toContain('\n\nnew\n\n<!-- end of x -->\nb\n');
  expect(() => replacePart(text, 'y', 'new')).toThrow('Cannot write the part y: its markers are not there');
  expect(() => replacePart(text.replace('<!-- end of x -->', ''), 'x', 'new')).toThrow(
    'Cannot write the part x',
  );
});
