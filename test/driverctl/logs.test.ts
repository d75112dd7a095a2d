import { afterEach, describe, expect, test } from 'vitest';
import { daemonError, type Play, type PlayedServer, playServer, say } from './played-server.ts';
import { type Played, type Ran, run } from './played-surroundings.ts';

let server: PlayedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const CURSOR = '0123456789abcdef-5';
const line = (text: string, more: object = {}): object => ({
  ...{ time: '2026-01-02T03:04:05.678Z', launch: 7, request: 'r-1', source: 'stderr', level: 'info' },
  ...{ text, ...more },
});
const page = (lines: readonly object[], more: object = {}): object => ({
  ...{ driver: 'disk', lines, cursor: CURSOR, more: false, missed: 0, ...more },
});

/** Answers one page after the other; then ends the connection. */
function pages(...all: readonly unknown[]): Play {
  const left = [...all];
  return ({ id }, socket) => {
    const result = left.shift();
    if (result === undefined) socket.destroy();
    else say(socket, { jsonrpc: '2.0', id, result });
  };
}

async function logs(answer: Play, words: readonly string[] = [], played: Played = {}): Promise<Ran> {
  server = await playServer(answer);
  return run(['logs', 'disk', '--socket', server.path, ...words], played);
}
const asked = (): unknown[] => server?.requests.map(({ method, params }) => [method, params]) ?? [];

describe('logs, with a played server', () => {
  test('prints a line each: when, which launch, stderr or the level of a message, and what was said', async () => {
    const said = [
      line('cannot open'),
      line('slow', { source: 'log', level: 'warn' }),
      line('long', { more: true }),
    ];
    expect(await logs(pages(page(said)))).toEqual({
      ...{ status: 0, stderr: '' },
      stdout: [
        '2026-01-02T03:04:05.678Z launch 7 stderr: cannot open',
        '2026-01-02T03:04:05.678Z launch 7 warn: slow',
        Buffer.from('2026-01-02T03:04:05.678Z launch 7 stderr: long…\n').toString('latin1'),
      ].join('\n'),
    });
    expect(asked()).toEqual([['rpc.logs', { driver: 'disk', lines: 10 }]]);
  });

  test('prints an object each with --json, also on a terminal', async () => {
    const { stdout } = await logs(pages(page([line('a\x1b'), line('b')])), ['--json'], { terminal: true });
    const [first = '', second = ''] = stdout.split('\n');
    expect(first).not.toContain('\x1b');
    expect([JSON.parse(first), JSON.parse(second)]).toEqual([line('a\x1b'), line('b')]);
  });

  test('shows nothing that a terminal would act on, whatever the daemon sends (U1)', async () => {
    const hostile = line('\x1b]0;x\x07\u202e', { launch: '\x1b[2J', time: { a: '\x9b' } });
    const { stdout } = await logs(pages(page([hostile])), [], { terminal: true });
    expect(stdout.trimEnd()).toMatch(/^[\x20-\x7e]*$/);
  });

  test('asks on until it has the lines that were asked for, and no longer', async () => {
    const full = page([line('x')], { more: true });
    const ran = await logs(pages(full, full, full, full), ['-n', '3']);
    expect([ran.status, ran.stdout.split('\n').length]).toEqual([0, 4]);
    expect(asked().slice(1)).toEqual(
      Array.from({ length: 2 }, () => ['rpc.logs', { driver: 'disk', after: CURSOR }]),
    );
  });

  test('follows with the cursor and a wait, and says what was gone before it could be read', async () => {
    const ran = await logs(
      pages(
        page([line('a')]),
        page([line('b')], { more: true, missed: 12 }),
        page([], { missed: null, more: true }),
      ),
      ['-f', '-n', '1'],
    );
    expect(ran.stdout.split('\n').map((text) => text.at(-1))).toEqual(['a', 'b', undefined]);
    expect(ran.stderr.split('\n').slice(0, 2)).toEqual([
      'driverctl: 12 lines were gone before they could be read',
      "driverctl: the daemon's broker has started anew: what it kept before is gone",
    ]);
    expect(ran.status).toBe(3);
    expect(asked().slice(1)).toEqual(
      Array.from({ length: 3 }, () => ['rpc.logs', { driver: 'disk', after: CURSOR, wait_ms: 25_000 }]),
    );
  });

  test.each([
    ['no object', []],
    ['no lines', { cursor: CURSOR, more: false }],
    ['lines that are none', page(['text' as unknown as object])],
    ['no cursor', page([], { cursor: 5 })],
  ])('ends with 3 for an answer with %s (U5)', async (_what, result) => {
    expect(await logs(pages(result))).toEqual({
      ...{ status: 3, stdout: '' },
      stderr: "driverctl: Cannot read the daemon's answer: rpc.logs gave no lines\n",
    });
  });

  test.each([
    ['forbidden', 4],
    ['invalid-params', 5],
  ])('ends for %s with %i', async (reason, status) => {
    const answer: Play = ({ id }, socket) =>
      say(socket, { jsonrpc: '2.0', id, error: daemonError(reason, -32_000) });
    expect((await logs(answer)).status).toBe(status);
  });

  test('wants a driver, and a number of lines', async () => {
    expect((await run(['logs'])).stderr).toBe('driverctl: Cannot show the logs: the driver is missing\n');
    expect((await run(['logs', 'disk', '-n', 'x'])).status).toBe(2);
  });
});
