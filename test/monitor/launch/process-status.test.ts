import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { residentBytes } from '../../../src/monitor/launch/process-status.ts';

test('what a process calls itself says nothing of its memory: the kernel shows a carriage return in a name as it is', async () => {
  const program = String.raw`process.title = '\rVmRSS: 1 kB'; console.log('named'); setInterval(() => 0, 1000)`;
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(child.stdout, 'data');
    expect(residentBytes(child.pid ?? -1)).toBeGreaterThan(1_048_576);
  } finally {
    child.kill('SIGKILL');
  }
});
