import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A string that stands first in a call's arguments with more after it: the title of a test, a table's template or a group. */
const FIRST_ARGUMENT = /\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1\s*,/g;

/** The titles in the text of a test file, templates of tables (`%s`, `$name`) as they are written. */
export function titlesIn(source: string): readonly string[] {
  return [...source.matchAll(FIRST_ARGUMENT)].map(([, , title = '']) => title.replaceAll(/\\(.)/g, '$1'));
}

/** The titles of all test files, those that need root and are not run among them. */
export function allTitles(): ReadonlySet<string> {
  const files = globSync('test/**/*.{test,bed}.ts', { cwd: root });
  return new Set(files.flatMap((file) => titlesIn(readFileSync(join(root, file), 'utf8'))));
}
