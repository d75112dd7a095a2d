import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Reporter } from 'vitest/node';

/** The files of tests that need root, as a glob in the checkout. */
export const testsThatNeedRoot = 'test/**/*.root.test.ts';

/** A reporter that names these files at the end of a run that leaves them out. */
export function nameTestsNotRun(): Reporter {
  return {
    onTestRunEnd: () => {
      const root = fileURLToPath(new URL('../', import.meta.url));
      const names = globSync(testsThatNeedRoot, { cwd: root }).sort();
      if (names.length > 0)
        console.log(`\nnot run, need root:\n${names.map((name) => `  ${name}`).join('\n')}`);
    },
  };
}
