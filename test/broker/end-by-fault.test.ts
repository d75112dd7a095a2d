import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const source = (path: string): string =>
  JSON.stringify(fileURLToPath(new URL(`../../src/${path}`, import.meta.url)));

function runFault(fault: string, isHeld: boolean): { status: number | null; stderr: string } {
  const script = `
    import { createLog } from ${source('shared/log.ts')};
    import { endByFault } from ${source('broker/end-by-fault.ts')};
    const log = createLog('broker', 'debug');
    if (${isHeld}) endByFault(log);
    ${fault}
  `;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return { status, stderr };
}

test.each([
  ['an error that is thrown', "setImmediate(() => { throw new TypeError('marked-' + 'param'); });"],
  [
    'a promise that nobody took',
    "void Promise.reject(Object.assign(new Error('x'), { input: 'marked-' + 'param' }));",
  ],
])('%s ends the broker with one line that quotes nothing (invariant 13)', (_what, fault) => {
  const held = runFault(fault, true);
  expect(held.status).toBe(2);
  expect(JSON.parse(held.stderr)).toMatchObject({ level: 60, error: { at: expect.any(Array) } });
  expect(held.stderr).not.toContain('marked-param');
  // Without it Node prints the error as it is.
  expect(runFault(fault, false).stderr).toContain('marked-param');
});
