import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { describeError } from '../../src/shared/log.ts';

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

test('a process that is killed once its log is flushed has written all that it said', async () => {
  const script = `
    import { createLog, flushLog } from ${JSON.stringify(LOG)};
    const log = createLog('broker', 'info');
    for (let line = 0; line < 1000; line += 1) log.info({ line, text: 'x'.repeat(200) }, 'line');
    await flushLog(log);
    process.kill(process.pid, 'SIGKILL');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const lines = (await child.stderr.toArray()).join('').split('\n').filter(Boolean);
  expect(lines.map((line): number => JSON.parse(line).line)).toEqual(
    Array.from({ length: 1_000 }, (_, at) => at),
  );
});

test('a flush of a log that nobody reads does not wait for that', async () => {
  const script = `
    import { createLog, flushLog } from ${JSON.stringify(LOG)};
    const log = createLog('broker', 'info');
    for (let line = 0; line < 4000; line += 1) log.info({ text: 'x'.repeat(200) }, 'line');
    await flushLog(log);
    process.stdout.write('flushed', () => process.kill(process.pid, 'SIGKILL'));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.pause();
  expect((await child.stdout.toArray()).join('')).toBe('flushed');
});

describe('an error in the log', () => {
  test('tells its kind, its code and where it was thrown, and nothing that it quotes (invariant 13, J20)', () => {
    const quoting = Object.assign(new TypeError('Cannot read marked-param'), {
      ...{ code: 'ERR_INVALID_ARG_TYPE', input: 'marked-param' },
    });
    const described = describeError(quoting);
    expect(described).toMatchObject({ type: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    expect(JSON.stringify(described)).toContain('log.test.ts');
    expect(JSON.stringify(described)).not.toContain('marked-param');
  });

  test.each([
    ['a message that looks like a frame', new Error('x\n    at marked-param (file:1:1)')],
    ['a message that was changed later', Object.assign(new Error('marked-param'), { message: 'other' })],
    ['a code that is none', Object.assign(new Error('x'), { code: 'marked-param' })],
    ['a name that was changed', Object.assign(new Error('marked-param'), { name: 'Marked' })],
    [
      'a stack that was changed',
      Object.assign(new Error('x'), { stack: 'marked-param\n    at marked-param' }),
    ],
    ['what is no error', 'marked-param'],
  ])('quotes nothing of %s', (_what, error) => {
    expect(JSON.stringify(describeError(error))).not.toContain('marked-param');
  });
});
