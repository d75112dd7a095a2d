/** `npm start`: runs the daemon in the foreground on ./run, which it makes on first use. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { makeDevelopmentFolder, ROOT } from './development-folder.ts';
import { monitorWords } from './monitor-words.ts';

process.umask(0o022);
const { folder, socket, state, log } = makeDevelopmentFolder(join(ROOT, 'run'));
console.log(`Development configuration in ${folder}: not for production.`);
console.log(`In another terminal:
  export DRIVERD_SOCKET=${socket} DRIVERD_LOG=${log} DRIVERD_STATE=${state}
  npx driverctl list
  npx driverctl call disk.usage path=/
`);
const daemon = spawn(
  process.execPath,
  [...monitorWords(), '--development', '--config', folder, '--state', state],
  { stdio: 'inherit' },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => daemon.kill(signal));
daemon.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === null ? 1 : 0);
});
