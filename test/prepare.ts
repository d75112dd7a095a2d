import { build, distIsStale } from '../scripts/build.ts';
import { missingParts } from '../scripts/setup/host-parts.ts';

/**
 * Runs once before all tests: what they need of the host must be there, and dist, which the tests that start programs
 * run, must be what src says. `npm test` has built it before, and fails on wrong types; a run of a few tests in the
 * middle of work takes programs whose types are wrong.
 *
 * @throws Error where the host lacks something: a test is never skipped for that
 */
export function setup(): void {
  const missing = missingParts();
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join(', ');
    throw new Error(`Cannot run the tests: this host has no ${names}; run \`npm run setup\``);
  }
  if (!distIsStale()) return;
  const { built, messages } = build(true);
  if (messages !== '')
    console.error(`${messages}\n${built ? 'dist is built although types are wrong.' : ''}`);
  if (!built) throw new Error('Cannot run the tests: dist cannot be built from src, see above');
}
