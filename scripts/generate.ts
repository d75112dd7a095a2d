// Runs every scripts/generate-*.ts, in the order of their names: `node scripts/generate.ts`.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./', import.meta.url));

/**
 * Runs every generator.
 *
 * @throws Error where one ends with another status than 0
 */
export function generateAll(): void {
  const generators = readdirSync(folder).filter((name) => /^generate-.+\.ts$/.test(name));
  for (const generator of generators.sort()) {
    const { status } = spawnSync(process.execPath, [`${folder}${generator}`], { stdio: 'inherit' });
    if (status !== 0)
      throw new Error(`Cannot generate files: scripts/${generator} ended with status ${status}`);
  }
}

if (import.meta.main) generateAll();
