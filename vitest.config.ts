import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';
import { nameTestsNotRun, testsThatNeedRoot } from './test/root-tests.ts';
import { patience } from './test/support/patience.ts';

const isRoot = process.getuid?.() === 0;

export default defineConfig({
  resolve: { alias: { 'driverd/sdk': fileURLToPath(new URL('src/sdk/index.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: isRoot ? configDefaults.exclude : [...configDefaults.exclude, testsThatNeedRoot],
    globalSetup: ['test/prepare.ts'],
    // Before vitest's own reporter, whose summary stays the last thing printed.
    reporters: [nameTestsNotRun(isRoot), 'default'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000 * patience,
    hookTimeout: 60_000 * patience,
  },
});
