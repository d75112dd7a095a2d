import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderDocument, scrubbingDocuments } from '../../scripts/generate-scrubbing.ts';
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
