import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Reporter, TestCase } from 'vitest/node';

/** The files of tests that need root, as a glob in the checkout. */
export const testsThatNeedRoot = 'test/**/*.root.test.ts';

/**
 * A reporter that names, at the end of a run, what it left out: the files that need root where they were not run, and
 * each test that is not for this user or this machine.
 */
export function nameTestsNotRun(isRoot: boolean): Reporter {
  return {
    onTestRunEnd(modules) {
      const root = fileURLToPath(new URL('../', import.meta.url));
      const files = isRoot ? [] : globSync(testsThatNeedRoot, { cwd: root }).sort();
      if (files.length > 0)
        console.log(`\nnot run, need root:\n${files.map((name) => `  ${name}`).join('\n')}`);
      const tests = modules.flatMap((module) => [...module.children.allTests('skipped')]);
      if (tests.length > 0)
        console.log(
          `\nnot run, not for this user, machine or setting:\n${tests.map(nameWithReason).join('\n')}`,
        );
    },
  };
}

function nameWithReason(test: TestCase): string {
  const result = test.result();
  return `  ${test.fullName}${'note' in result && result.note !== undefined ? ` (${result.note})` : ''}`;
}
