import { afterEach, describe, expect, test } from 'vitest';
import { describedMethod, type PlayedServer, playDaemon, playServer, say } from './played-server.ts';
import { run } from './played-surroundings.ts';

let server: PlayedServer;
afterEach(() => server.close());

describe('list and describe, with a played server', () => {
  test('list what may be called', async () => {
    const methods = [
      describedMethod('disk.usage'),
      describedMethod('disk.wipe', { summary: 'Erase', 'x-driverd': { kind: 'jsonrpc', destructive: true } }),
    ];
    server = await playServer(playDaemon(methods, () => undefined));
    const listed = await run(['list', '--socket', server.path], { terminal: true });
    expect(listed.stdout).toBe(
      'METHOD                   SUMMARY\ndisk.usage               Bytes and inodes\ndisk.wipe   destructive  Erase\n',
    );
    const json = await run(['list', '--json', '--socket', server.path]);
    expect(JSON.parse(json.stdout)).toEqual(methods);
  });

  test('say where there is nothing', async () => {
    server = await playServer(playDaemon([], () => undefined));
    const { stdout } = await run(['list', '--socket', server.path], { terminal: true });
    expect(stdout).toBe('There is no method that you may call.\n');
  });

  test('describe one method', async () => {
    const method = describedMethod('disk.usage');
    server = await playServer(playDaemon([method], () => undefined));
    const { stdout } = await run(['describe', 'disk.usage', '--socket', server.path], { terminal: true });
    expect(stdout).toContain('method       disk.usage\n');
    expect(stdout).toContain('  path  string  required  What to measure\n');
    const json = await run(['describe', 'disk.usage', '--socket', server.path]);
    expect(JSON.parse(json.stdout)).toEqual(method);
  });

  test('tell of an unknown method what they would of a forbidden one', async () => {
    server = await playServer(playDaemon([], () => undefined));
    const { status, stderr } = await run(['describe', 'disk.usage', '--socket', server.path]);
    expect(status).toBe(4);
    expect(stderr).toBe('driverctl: Cannot describe disk.usage: you may not call it, or it does not exist\n');
  });

  test('escape names and descriptions (U1, U2)', async () => {
    const evil = 'disk\u202e\u200b\x1b[31m';
    const details = {
      summary: evil,
      description: evil,
      params: [{ name: evil, schema: { description: evil } }],
    };
    server = await playServer(playDaemon([describedMethod(evil, details)], () => undefined));
    for (const words of [['list'], ['describe', evil], ['list', '--json']]) {
      const { stdout, status } = await run([...words, '--socket', server.path], { terminal: true });
      expect(status).toBe(0);
      expect(Buffer.from(stdout, 'latin1').toString()).not.toMatch(/[\u202e\u200b\x1b]/u);
    }
  });

  test.each([
    [null],
    [1],
    [{}],
    [{ methods: {} }],
    [{ methods: [1] }],
    [{ methods: [{ name: 1 }] }],
    [{ methods: [{ name: 'a', params: [1] }] }],
  ])('refuse a document that is none: %j (U5)', async (result) => {
    server = await playServer(({ id }, socket) => say(socket, { jsonrpc: '2.0', id, result }));
    const { status, stderr } = await run(['list', '--socket', server.path]);
    expect(status).toBe(3);
    expect(stderr).toBe(
      "driverctl: Cannot read the daemon's answer: rpc.discover gave no OpenRPC document\n",
    );
  });
});

test('status prints what rpc.status says, with a played server', async () => {
  server = await playServer(({ id, method }, socket) =>
    say(socket, { jsonrpc: '2.0', id, result: { method, warnings: [] } }),
  );
  const { stdout } = await run(['status', '--socket', server.path], { terminal: true });
  expect(stdout).toBe('method    rpc.status\nwarnings  -\n');
});
