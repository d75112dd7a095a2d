import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const LOG = fileURLToPath(new URL('../../src/shared/log.ts', import.meta.url));

test('a log that nobody reads, on a stderr that somebody made non-blocking, holds nothing up, and the process ends', async () => {
  // 20 MB of lines are far more than a pipe holds.
  const script = `
    import { createLog } from ${JSON.stringify(LOG)};
    import { spawnSync } from 'node:child_process';
    spawnSync('python3', ['-c', 'import os; os.set_blocking(2, False)'], { stdio: ['ignore', 'ignore', 'inherit'] });
    const log = createLog('monitor', 'info');
    for (let line = 0; line < 20000; line += 1) {
      log.info({ text: 'x'.repeat(1000) }, 'line');
      if (line % 100 === 0) await new Promise(setImmediate);
    }
    process.stdout.write('alive', () => process.exit(0));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.pause();
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on('exit', resolve));
  expect([said, code]).toEqual(['alive', 0]);
}, 30_000);
