import { join } from 'node:path';
import { buildSync } from 'esbuild';

/** The two processes of the daemon, and the threads that they start. */
const PROGRAMS = [
  'monitor/main.js',
  'monitor/audit/appending-thread.js',
  'monitor/audit/compressing-thread.js',
  'broker/main.js',
  'broker/scrub/beside/thread.js',
];
/** What finds files of its own beside itself, or is no JavaScript. */
const SEPARATE = ['koffi', '@cedar-policy/cedar-wasm'];
/** Packages in the older module format ask for Node's own modules by it. */
const REQUIRE =
  "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

/**
 * Makes one file of each program with its modules and packages: of the time that a start takes, finding and reading some
 * hundreds of files was half.
 *
 * @param folder of what the compiler made
 */
export function bundlePrograms(folder: string): void {
  for (const program of PROGRAMS) {
    const path = join(folder, program);
    buildSync({
      ...{ entryPoints: [path], outfile: path, allowOverwrite: true, bundle: true },
      ...{ format: 'esm', platform: 'node', target: 'node24', logLevel: 'error' },
      ...{ external: SEPARATE, banner: { js: REQUIRE }, legalComments: 'none' },
    });
  }
}
