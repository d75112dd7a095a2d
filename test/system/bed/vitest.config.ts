import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { nameTestsNotRun } from '../../root-tests.ts';

/** `npm run test:system`: the tests that need a whole system, and so root. */
export default defineConfig({
  root: fileURLToPath(new URL('../../../', import.meta.url)),
  test: {
    include: ['test/system/bed/**/*.bed.ts'],
    globalSetup: ['test/prepare.ts', 'test/system/bed/boot-beds.ts'],
    reporters: [nameTestsNotRun(true), 'default'],
    pool: 'forks',
    // A bed's agent hears one client at a time.
    maxWorkers: 1,
    // On an emulated processor a program takes ten times as long.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
