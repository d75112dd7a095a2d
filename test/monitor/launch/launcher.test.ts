import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';

/** Two for the gate and for each of two pipes; more than libkoffi and Node take for themselves stay free. */
const NEEDED = 6;

const SCRIPT = `
  import { closeSync, openSync, readdirSync } from 'node:fs';
  import { startLauncher } from ${JSON.stringify(join(ROOT, 'src/monitor/launch/launcher.ts'))};
  const open = () => readdirSync('/proc/self/fd').length;
  const stdio = { standard: ['ignore', 'ignore', 'ignore'], further: ['pipe', 'pipe'] };
  async function start() {
    const { process, gate, pipes } = startLauncher(['/bin/true'], stdio);
    await process.ended;
    for (const socket of [gate, ...pipes]) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  // What is waited for here holds no event loop.
  const timer = setInterval(() => undefined, 1_000);
  await start();
  const before = open();
  const said = [];
  for (let free = 0; free <= ${NEEDED}; free += 1) {
    const fillers = [];
    try {
      for (;;) fillers.push(openSync('/dev/null', 'r'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
    for (const filler of fillers.splice(0, free)) closeSync(filler);
    try {
      await start();
      said.push('started');
    } catch (error) {
      said.push(error.message);
    }
    for (const filler of fillers) closeSync(filler);
    said.push(open() - before);
  }
  clearInterval(timer);
  process.stdout.write(JSON.stringify(said));
`;

test('where descriptors run out in the midst of a start, it is refused and none is left open', () => {
  const node = [process.execPath, '--input-type=module', '-e', SCRIPT];
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', 'ulimit -n 128; exec "$@"', 'sh', ...node], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  const refused = ['Cannot make a socket pair: EMFILE', 0];
  expect(JSON.parse(stdout)).toEqual([
    ...Array.from({ length: NEEDED }, () => refused).flat(),
    ...['started', 0],
  ]);
});
