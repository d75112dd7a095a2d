import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { run } from '../played-surroundings.ts';

// It gives its rights up itself: another user might not reach the program that runs this test.
const server = `
  process.setgroups([]); process.setgid(1000); process.setuid(1000);
  require('node:net').createServer((socket) => {
    socket.resume().on('error', () => 0).on('close', () => console.log('connected ' + socket.bytesRead));
  }).listen(process.argv[1], () => console.log('listening'));
`;

test('A server that another user runs gets nothing, although folder and socket look right (U4)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'driverctl-'));
  const path = join(folder, 'driverd.sock');
  await chown(folder, 1000, 1000);
  const child = spawn(process.execPath, ['-e', server, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let heard = '';
    child.stdout.on('data', (chunk) => {
      heard += chunk;
    });
    await vi.waitFor(() => expect(heard).toBe('listening\n'));

    const before = await run(['status', '--socket', path]);
    expect(before.status).toBe(3);
    expect(before.stderr).toContain('the socket belongs to user 1000, neither root nor you');

    await chown(folder, 0, 0);
    await chown(path, 0, 0);
    await chmod(folder, 0o755);
    const { status, stderr } = await run(['status', '--socket', path]);
    expect(status).toBe(3);
    expect(stderr).toBe(
      `driverctl: Cannot trust the server at ${path}: user 1000 runs it, neither root nor you (see --trust-uid)\n`,
    );
    await vi.waitFor(() => expect(heard).toContain('connected'));
    child.kill();
    await once(child, 'close');
    expect(heard).toBe('listening\nconnected 0\n');
  } finally {
    child.kill();
    await rm(folder, { recursive: true });
  }
});
