// Started with an IPC channel: starts the program it is told to, with "x" on its stdin, and answers how many milliseconds
// passed until it had ended. A process of its own, since spawn forks, which takes longer the larger the process is.
import { spawn } from 'node:child_process';

process.on('message', ([program, ...words]) => {
  const started = performance.now();
  let stderr = '';
  const child = spawn(program, words, { cwd: '/' });
  child.stdin.on('error', () => undefined);
  child.stdin.end('x');
  child.stdout.resume();
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  child.on('error', ({ message }) => process.send?.({ failed: message }));
  child.on('close', (status) =>
    process.send?.(
      status === 0 ? { took: performance.now() - started } : { failed: `status ${status}: ${stderr}` },
    ),
  );
});
