import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { release } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

/** SO_PEERPIDFD is of Linux 6.5. */
const [major = 0, minor = 0] = release().split('.').map(Number);
const provesPids = major > 6 || (major === 6 && minor >= 5);

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startTestDaemon();
});
afterAll(() => daemon.stop());

/** Connects, leaves the connection to a child and ends; the child calls. */
const LEAVE = [
  'import os, socket, sys',
  's = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])',
  'if os.fork() > 0: os._exit(0)',
  's.sendall(sys.argv[2].encode() + b"\\n"); print(s.makefile().readline(), flush=True)',
].join('\n');

test.runIf(provesPids)(
  'who connects and leaves the connection to another process before anybody looked is permitted nothing (N5)',
  async () => {
    const line = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'echo.say', params: { text: 'x' } });
    daemon.monitor.kill('SIGSTOP');
    const caller = spawn('python3', ['-c', LEAVE, daemon.socket, line], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = text(caller.stdout);
    await once(caller, 'exit');
    daemon.monitor.kill('SIGCONT');
    const reply = JSON.parse(await said);
    expect(reply.error.data.reason).toBe('forbidden');
    const of = (event: string) => daemon.records().find((record) => record.event === event);
    expect(of('session')?.facts).toMatchObject({ uid: process.geteuid?.(), pid_proven: false });
    expect(of('denied')?.claims['policies']).toEqual([]);
  },
);
