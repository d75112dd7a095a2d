import { chmod, chown, mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connectToDaemon } from '../../../src/driverctl/client/connect.ts';
import { checkServerUser, checkSocketFile } from '../../../src/driverctl/client/trusted-server.ts';

const own = process.geteuid?.() ?? -1;
const users = { own, named: null };
let folder: string;
let path: string;
let server: Server;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driverctl-'));
  path = join(folder, 'driverd.sock');
  server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

describe('the socket file', () => {
  test('of the same user in a folder of its own passes', async () => {
    expect(await checkSocketFile(path, users)).toBe(path);
  });

  test('is found behind a symbolic link, and then checked where it lies', async () => {
    await symlink(path, join(folder, 'link'));
    expect(await checkSocketFile(join(folder, 'link'), users)).toBe(path);
  });

  test.each([0o777, 0o770, 0o702, 0o772])(
    'in a folder of mode %o, which others can write, is refused (U4)',
    async (mode) => {
      await chmod(folder, mode);
      await expect(checkSocketFile(path, users)).rejects.toThrow('others can write its folder');
    },
  );

  test('of another user is refused, unless that user was named (U4)', async () => {
    // Root trusts its own files whoever runs driverctl, so as root the socket is given away.
    const owner = own === 0 ? 1000 : own;
    if (own === 0) await chown(path, owner, owner);
    const stranger = owner + 1;
    await expect(checkSocketFile(path, { own: stranger, named: null })).rejects.toThrow(
      `the socket belongs to user ${owner}, neither root nor you`,
    );
    await expect(checkSocketFile(path, { own: stranger, named: owner })).resolves.toBe(path);
  });

  test.each([
    ['nothing there', 'missing.sock', 'it does not exist'],
    ['a plain file', 'file', 'it is not a socket'],
    ['a folder', 'sub', 'it is not a socket'],
    ['a path with a NUL', 'driverd.sock\0x', 'the path contains a NUL'],
  ])('is refused for %s', async (_name, name, why) => {
    await writeFile(join(folder, 'file'), '');
    await mkdir(join(folder, 'sub'));
    await expect(checkSocketFile(`${folder}/${name}`, users)).rejects.toThrow(why);
  });

  test('is refused where the kernel would cut its path', async () => {
    const deep = join(folder, 'x'.repeat(100));
    await mkdir(deep);
    await writeFile(join(deep, 'driverd.sock'), '');
    await expect(checkSocketFile(join(deep, 'driverd.sock'), users)).rejects.toThrow('longer than 107 bytes');
  });
});

describe("the server's user", () => {
  test.each([0, 1000])('may be root or oneself: %i', (uid) => {
    expect(() => checkServerUser('/s', uid, { own: 1000, named: null })).not.toThrow();
  });

  test.each([1001, 65534, 4294967295])('may be nobody else: %i (U4)', (uid) => {
    expect(() => checkServerUser('/s', uid, { own: 1000, named: null })).toThrow(
      `Cannot trust the server at /s: user ${uid} runs it`,
    );
  });

  test('may be one that was named', () => {
    expect(() => checkServerUser('/s', 1001, { own: 1000, named: 1001 })).not.toThrow();
  });

  test('is asked of the kernel', async () => {
    const socket = await connectToDaemon(path, users);
    expect(socket.readyState).toBe('open');
    socket.destroy();
  });

  test('decides before a byte is sent (U4)', async () => {
    const received = new Promise<number>((resolve) => {
      server.once('connection', (socket) => {
        let length = 0;
        socket.on('data', (chunk) => {
          length += chunk.length;
        });
        socket.on('close', () => resolve(length));
        socket.on('error', () => socket.destroy());
      });
    });
    await expect(connectToDaemon(path, users, () => own + 7)).rejects.toThrow(`user ${own + 7} runs it`);
    expect(await received).toBe(0);
  });

  test('is nobody where nobody listens', async () => {
    const stale = join(folder, 'stale.sock');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(stale, resolve));
    await rename(stale, join(folder, 'kept.sock'));
    await new Promise((resolve) => other.close(resolve));
    await expect(connectToDaemon(join(folder, 'kept.sock'), users)).rejects.toThrow(
      `Cannot connect to ${join(folder, 'kept.sock')}: nobody listens there`,
    );
  });
});
