import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import { daemonError, type Play, type PlayedServer, playServer, say } from '../played-server.ts';
import { type Played, type Ran, run } from '../played-surroundings.ts';

let server: PlayedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function call(play: Play, words: readonly string[], played: Played = {}): Promise<Ran> {
  server = await playServer(play);
  return run(['call', '--socket', server.path, ...words], played);
}

const chunk = (sequence: number, content: object, progressToken = 'driverctl'): object => ({
  ...{ jsonrpc: '2.0', method: 'rpc.chunk', params: { progressToken, sequence, ...content } },
});

/** Says these chunks, then that they were so many. */
const streamOf =
  (chunks: readonly object[], said = chunks.length): Play =>
  ({ id }, socket) => {
    for (const one of chunks) say(socket, one);
    const _meta = { stream: { chunks: said, bytes: 1 } };
    say(socket, { jsonrpc: '2.0', id, result: { exit_status: 0 }, _meta });
  };

describe('call, of a method that streams', () => {
  test('prints text and bytes as they are and nothing else', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 27]);
    const chunks = [chunk(0, { data: 'zwölf\n' }), chunk(1, { data: { base64: bytes.toString('base64') } })];
    const ran = await call(streamOf(chunks), ['log.read']);
    expect(ran).toEqual({
      status: 0,
      stdout: Buffer.concat([Buffer.from('zwölf\n'), bytes]).toString('latin1'),
      stderr: '',
    });
  });

  test('prints lines, each with its end', async () => {
    const ran = await call(streamOf([chunk(0, { lines: ['a', ''] }), chunk(1, { lines: ['b'] })]), [
      'log.read',
    ]);
    expect(ran.stdout).toBe('a\n\nb\n');
  });

  test('prints nothing where it was empty, and the result on standard error with -v', async () => {
    expect((await call(streamOf([]), ['log.read'])).stdout).toBe('');
    await server?.close();
    const ran = await call(streamOf([]), ['log.read', '-v']);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toContain('exit_status');
  });

  test('prints an object a line with --json, the result last', async () => {
    const ran = await call(streamOf([chunk(0, { data: 'a\u001b' })]), ['log.read', '--json']);
    expect(ran.stdout).toBe('{"sequence":0,"data":"a\\u001b"}\n{"exit_status":0}\n');
  });

  test('escapes on a terminal (U1), and shows no bar in the middle of it', async () => {
    const ran = await call(streamOf([chunk(0, { data: 'a\u001b[31m\n' })]), ['log.read'], { terminal: true });
    expect(ran).toMatchObject({ status: 0, stdout: 'a\\x1b[31m\n', stderr: '' });
  });

  test('tells on standard error how much has come and how fast, where the stream itself goes to a pipe', async () => {
    const ran = await call(streamOf([chunk(0, { data: 'x'.repeat(20_000) })]), ['log.read'], {
      ...{ terminal: true, stdoutIsTerminal: false },
    });
    expect(ran.stdout).toBe('x'.repeat(20_000));
    expect(ran.stderr).toMatch(/20\.0k \d.*\/s/);
    expect(ran.stderr.endsWith('\r\x1b[K')).toBe(true);
  });

  test.each([
    ['one is missing', [chunk(1, { data: 'a' })], 1],
    ['one comes twice', [chunk(0, { data: 'a' }), chunk(0, { data: 'a' })], 2],
    ['the last is missing', [chunk(0, { data: 'a' })], 2],
    ['one has nothing in it', [chunk(0, {})], 1],
    ['one is no base64', [chunk(0, { data: { base64: '*' } })], 1],
    ['one has a line that is none', [chunk(0, { lines: [1] })], 1],
  ])('ends with status 3 where %s', async (_what, chunks, said) => {
    const ran = await call(streamOf(chunks, said), ['log.read']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toContain('Cannot read the stream');
  });

  test('leaves out what belongs to another call', async () => {
    const ran = await call(streamOf([chunk(7, { data: 'x' }, 'other')], 0), ['log.read']);
    expect(ran).toMatchObject({ status: 0, stdout: '' });
  });

  test('keeps what came where the call fails then', async () => {
    const ran = await call(
      ({ id }, socket) => {
        say(socket, chunk(0, { data: 'some of it\n' }));
        say(socket, { jsonrpc: '2.0', id, error: daemonError('timeout', -32013, {}) });
      },
      ['log.read'],
    );
    expect(ran).toMatchObject({ status: 7, stdout: 'some of it\n' });
  });
});

describe('Ctrl-C', () => {
  /** Answers the call when it is cancelled, as the daemon does. */
  function playCancelled(interrupts: EventEmitter, reply: (id: number) => object | null): Play {
    let id = 0;
    return (request, socket) => {
      if (request.method === 'rpc.cancel') {
        expect(request['params']).toEqual({ id });
        expect(request.id).toBeUndefined();
        const answer = reply(id);
        if (answer !== null) say(socket, { jsonrpc: '2.0', id, ...answer });
        else interrupts.emit('interrupt');
        return;
      }
      id = request.id;
      interrupts.emit('interrupt');
    };
  }

  test('cancels the call, and ends with status 130 when the daemon says that it is', async () => {
    const interrupts = new EventEmitter();
    const cancelled = { error: daemonError('cancelled', -32014, {}) };
    const play = playCancelled(interrupts, () => cancelled);
    const ran = await call(play, ['log.read', '-'], { interrupts, stdinText: '{}' });
    expect(ran.status).toBe(130);
    expect(ran.stderr).toContain('cancelled');
    expect(interrupts.listenerCount('interrupt')).toBe(0);
  });

  test('that comes too late changes nothing', async () => {
    const interrupts = new EventEmitter();
    const play = playCancelled(interrupts, () => ({ result: 5 }));
    const ran = await call(play, ['log.read', '-'], { interrupts, stdinText: '{}' });
    expect(ran).toEqual({ status: 0, stdout: '5\n', stderr: '' });
  });

  test.each([[[]], [['--raw']]])('a second time leaves, with the same status (%s)', async (words) => {
    const interrupts = new EventEmitter();
    const described = { name: 'log.read', params: [], 'x-driverd': { kind: 'command', stdin: null } };
    const left = playCancelled(interrupts, () => null);
    const play: Play = (request, socket) =>
      request.method === 'rpc.discover'
        ? say(socket, { jsonrpc: '2.0', id: request.id, result: { methods: [described] } })
        : left(request, socket);
    const ran = await call(play, ['log.read', '-', ...words], { interrupts, stdinText: '{}' });
    expect(ran.status).toBe(130);
    expect(ran.stderr).toContain('you left it');
  });

  test('cancelled by nobody here, a call ends as refused', async () => {
    const ran = await call(
      ({ id }, socket) => say(socket, { jsonrpc: '2.0', id, error: daemonError('cancelled', -32014, {}) }),
      ['log.read'],
    );
    expect(ran.status).toBe(8);
  });
});
