import { fileURLToPath } from 'node:url';
import type { RunFolder } from './run-folder.ts';

/** The words that run a command where the run's root is mounted; see with-root.sh. */
export function withRoot(run: RunFolder, command: readonly string[]): readonly string[] {
  return ['sh', fileURLToPath(new URL('with-root.sh', import.meta.url)), run.path, run.base.root, ...command];
}
