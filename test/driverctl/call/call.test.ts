import { afterEach, describe, expect, test } from 'vitest';
import {
  daemonError,
  describedMethod,
  type Play,
  type PlayedServer,
  playDaemon,
  playServer,
  say,
} from '../played-server.ts';
import { type Played, type Ran, run } from '../played-surroundings.ts';

let server: PlayedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const command = describedMethod('lookup.host', {
  params: [
    { name: 'keys', required: false, schema: { type: 'array' } },
    { name: 'text', required: false, schema: { type: 'string' } },
    { name: 'token', required: false, schema: { type: 'string', secret: true } },
  ],
  'x-driverd': { kind: 'command', stdin: 'text' },
});

async function call(answer: Play, words: readonly string[], played: Played = {}): Promise<Ran> {
  server = await playServer(playDaemon([describedMethod('disk.usage'), command], answer));
  return run(['call', '--socket', server.path, ...words], played);
}

const answerWith =
  (result: unknown, meta?: unknown): Play =>
  ({ id }, socket) =>
    say(socket, { jsonrpc: '2.0', id, result, _meta: meta });

const refuseWith =
  (reason: string, data: Record<string, unknown> = {}): Play =>
  ({ id }, socket) =>
    say(socket, { jsonrpc: '2.0', id, error: daemonError(reason, -32000, data) });

describe('call, with a played server', () => {
  test('sends method and params and prints indented JSON where no terminal is', async () => {
    const ran = await call(answerWith({ bytes: 5 }), ['disk.usage', 'path=/']);
    expect(ran).toEqual({ status: 0, stdout: '{\n  "bytes": 5\n}\n', stderr: '' });
    expect(server?.requests.map(({ method }) => method)).toEqual(['rpc.discover', 'disk.usage']);
    expect(server?.requests.at(-1)?.['params']).toMatchObject({ path: '/' });
  });

  test('asks nothing before a call without params on the command line', async () => {
    await call(answerWith(1), ['disk.usage', '-'], { stdinText: '{"path":"/"}' });
    expect(server?.requests.map(({ method }) => method)).toEqual(['disk.usage']);
  });

  test('prints one line with --json and a table for eyes on a terminal', async () => {
    const rows = [{ a: 1 }, { a: 2 }];
    expect((await call(answerWith(rows), ['disk.usage', '--json'], { terminal: true })).stdout).toBe(
      '[{"a":1},{"a":2}]\n',
    );
    await server?.close();
    expect((await call(answerWith(rows), ['disk.usage'], { terminal: true })).stdout).toBe('a\n1\n2\n');
  });

  test('prints no control character of a result on a terminal, JSON or not (U1)', async () => {
    for (const words of [['disk.usage'], ['disk.usage', '--json']]) {
      const { stdout } = await call(answerWith({ '\x1b[2J': '\x9b\x1b]52;c;x\x07\r' }), words, {
        terminal: true,
      });
      expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/u);
      expect(stdout).toContain('52;c;x');
      await server?.close();
    }
    server = undefined;
  });

  test('passes --timeout on', async () => {
    await call(answerWith(1), ['disk.usage', '--timeout', '1500']);
    expect(server?.requests.at(-1)?.['params']).toEqual({
      _meta: { progressToken: 'driverctl', timeoutMs: 1500 },
    });
  });

  test('passes --reason on, and sends nothing where it is none', async () => {
    await call(answerWith(1), ['disk.usage', '--reason', 'Prüfung, ticket 4711']);
    expect(server?.requests.at(-1)?.['params']).toEqual({
      _meta: { progressToken: 'driverctl', reason: 'Prüfung, ticket 4711' },
    });
    await server?.close();
    for (const [reason, why] of [
      ['', 'it is empty'],
      ['x'.repeat(257), 'it is longer than 256 characters'],
      ['two\nlines', 'it has a character that nobody sees'],
    ] as const) {
      const ran = await call(answerWith(1), ['disk.usage', '--reason', reason]);
      expect(ran).toMatchObject({ status: 2, stderr: `driverctl: Cannot read --reason: ${why}\n` });
      expect(server?.requests).toEqual([]);
      await server?.close();
    }
    server = undefined;
  });

  test('says with -v what was applied, on standard error', async () => {
    const ran = await call(answerWith(1, { request_id: 'r-1', isolation: { way: 'user-namespace' } }), [
      'disk.usage',
      '-v',
    ]);
    expect(server?.requests.at(-1)?.['params']).toEqual({
      _meta: { progressToken: 'driverctl', reply: true },
    });
    expect(ran.stderr).toBe('request_id  r-1\nisolation\n  way  user-namespace\n');
    expect(ran.stdout).toBe('1\n');
  });

  test('shows progress on a terminal only', async () => {
    const play: Play = ({ id, params }, socket) => {
      const meta = (params as { _meta?: { progressToken?: string } } | undefined)?._meta;
      say(socket, {
        jsonrpc: '2.0',
        method: 'rpc.progress',
        params: { progressToken: meta?.progressToken ?? 'none', progress: 1, total: 4 },
      });
      say(socket, { jsonrpc: '2.0', id, result: 1 });
    };
    const shown = await call(play, ['disk.usage'], { terminal: true });
    expect(shown.stderr).toMatch(/^\r\x1b\[K\[#####.*25% 1\/4.*\r\x1b\[K$/u);
    await server?.close();
    for (const [words, played] of [
      [['disk.usage'], {}],
      [['disk.usage', '--json'], { terminal: true }],
    ] as const) {
      expect((await call(play, words, played)).stderr).toBe('');
      await server?.close();
    }
    server = undefined;
  });

  test('warns of a secret on the command line, and not of one on standard input (U3)', async () => {
    const warned = await call(answerWith(1), ['lookup.host', 'token=s3cret']);
    expect(warned.status).toBe(0);
    expect(warned.stderr).toBe(
      'driverctl: warning: the param token is a secret, and others can read a command line; pass the params on standard input (PARAMS is -)\n',
    );
    await server?.close();
    expect(
      (await call(answerWith(1), ['lookup.host', '-'], { stdinText: '{"token":"s3cret"}' })).stderr,
    ).toBe('');
  });

  test.each([
    ['forbidden', 4],
    ['invalid-params', 5],
    ['method-not-found', 5],
    ['driver-failed', 6],
    ['driver-bad-output', 6],
    ['output-limit', 6],
    ['driver-error', 6],
    ['launch-refused', 6],
    ['timeout', 7],
    ['overloaded', 8],
    ['audit-unavailable', 8],
    ['shutting-down', 8],
    ['internal-error', 10],
    ['a-new-word', 10],
  ])('ends for %s with status %i and one line that names the request', async (reason, status) => {
    const ran = await call(refuseWith(reason), ['disk.usage']);
    expect(ran).toEqual({
      status,
      stdout: '',
      stderr: `driverctl: Cannot do it: reasons (${reason}, request r-1)\n`,
    });
  });

  test('ends with status 3 where nobody listens', async () => {
    const ran = await run(['call', '--socket', '/nonexistent/driverd.sock', 'disk.usage']);
    expect(ran.status).toBe(3);
    expect(ran.stderr).toBe('driverctl: Cannot connect to /nonexistent/driverd.sock: it does not exist\n');
  });

  test('finds the socket in $DRIVERD_SOCKET, and --socket goes first', async () => {
    await call(answerWith(1), ['disk.usage']);
    const environment = { DRIVERD_SOCKET: server?.path ?? '' };
    expect((await run(['call', 'disk.usage'], { environment })).status).toBe(0);
    expect((await run(['call', 'disk.usage', '--socket', '/nonexistent'], { environment })).status).toBe(3);
  });
});

describe('call --raw, with a played server', () => {
  const ended = (driver: unknown): Play => answerWith({}, { request_id: 'r-1', driver });

  test("passes the program's output and exit status through, bytes as they are", async () => {
    const driver = { exit_status: 2, stdout: { base64: '/xsA' }, stderr: 'note\x1b\n' };
    const ran = await call(ended(driver), ['lookup.host', '--raw'], { stdinIsTerminal: true });
    expect(ran).toEqual({ status: 2, stdout: '\xff\x1b\0', stderr: 'note\x1b\n' });
    expect(server?.requests.at(-1)?.['params']).toEqual({
      _meta: { progressToken: 'driverctl', reply: true, raw: true },
    });
  });

  test('escapes what goes to a terminal, newline and tab apart (U1)', async () => {
    const driver = { exit_status: 0, stdout: 'a\tb\n\x1b[2J\r', stderr: '\x9b' };
    const ran = await call(ended(driver), ['lookup.host', '--raw'], { terminal: true });
    expect(ran).toEqual({ status: 0, stdout: 'a\tb\n\\x1b[2J\\r', stderr: '\\x9b' });
  });

  test.each([
    ['text', 'größe\n', 'größe\n'],
    ['what is no text', Buffer.from([0xff]), { base64: '/w==' }],
    ['nothing', '', ''],
  ])("makes piped %s the param of the program's standard input", async (_name, stdinText, text) => {
    await call(ended({ exit_status: 0, stdout: '', stderr: '' }), ['lookup.host', '--raw', 'keys=["a"]'], {
      stdinText,
    });
    expect(server?.requests.at(-1)?.['params']).toEqual({
      keys: ['a'],
      text,
      _meta: { progressToken: 'driverctl', reply: true, raw: true },
    });
  });

  test('reads no standard input where that param was given', async () => {
    await call(ended({ exit_status: 0, stdout: '', stderr: '' }), ['lookup.host', '--raw', 'text=mine'], {
      stdinText: 'x',
    });
    expect(server?.requests.at(-1)?.['params']).toMatchObject({ text: 'mine' });
  });

  test("gives the program's own failure as its own, a signal as a shell does", async () => {
    const failed = { exit_status: 7, signal: null, stdout: 'out\n', stderr: 'err\n' };
    expect(await call(refuseWith('driver-failed', { driver: failed }), ['lookup.host', '--raw'])).toEqual({
      status: 7,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    await server?.close();
    const killed = { exit_status: null, signal: 'SIGTERM', stderr: '' };
    expect(
      (await call(refuseWith('driver-failed', { driver: killed }), ['lookup.host', '--raw'])).status,
    ).toBe(143);
  });

  test.each(['forbidden', 'invalid-params', 'timeout', 'overloaded', 'driver-failed', 'output-limit'])(
    "ends with 125 for %s, which is not the program's",
    async (reason) => {
      const ran = await call(refuseWith(reason), ['lookup.host', '--raw']);
      expect(ran).toEqual({
        status: 125,
        stdout: '',
        stderr: `driverctl: Cannot do it: reasons (${reason}, request r-1)\n`,
      });
    },
  );

  test.each([
    ['no connection', ['lookup.host', '--raw', '--socket', '/nonexistent']],
    ['a command line that is wrong', ['lookup.host', '--raw', '--bogus']],
    ['--json beside it', ['lookup.host', '--raw', '--json']],
    ['a method that is no program', ['disk.usage', '--raw']],
  ])('ends with 125 for %s', async (_name, words) => {
    const ran = await call(answerWith(1), words);
    expect(ran.status).toBe(125);
    expect(ran.stderr).toMatch(/^driverctl: Cannot .*\n$/u);
    expect(server?.requests.filter(({ method }) => method !== 'rpc.discover')).toEqual([]);
  });

  test.each([
    [undefined],
    [{}],
    [{ exit_status: 256 }],
    [{ exit_status: -1 }],
    [{ exit_status: '0' }],
    [{ exit_status: 0, stdout: 7 }],
    [{ exit_status: null, signal: 'constructor' }],
  ])('ends with 125 for an end that the daemon sent wrongly: %j (U5)', async (driver) => {
    expect((await call(ended(driver), ['lookup.host', '--raw'])).status).toBe(125);
  });
});
