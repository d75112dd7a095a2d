import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { describedMethod, type PlayedServer, playDaemon, playServer, say } from './played-server.ts';

const main = fileURLToPath(new URL('../../src/driverctl/main.ts', import.meta.url));
let server: PlayedServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function statusOf(child: ChildProcess): Promise<unknown> {
  const [status] = await once(child, 'close');
  return status;
}

/** A server whose every answer is larger than a pipe holds. */
async function playLargeAnswers(): Promise<PlayedServer> {
  const large = 'x'.repeat(1_000_000);
  const program = describedMethod('lookup.host', { 'x-driverd': { kind: 'command', stdin: null } });
  return playServer(
    playDaemon([describedMethod('disk.usage'), program], ({ id }, socket) => {
      const driver = { exit_status: 0, stdout: large, stderr: '' };
      say(socket, { jsonrpc: '2.0', id, result: large, _meta: { driver } });
    }),
  );
}

describe('driverctl as a process', () => {
  test('is a script that the system starts with node', async () => {
    expect(await readFile(main, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/u);
  });

  test('ends with its status and one line on standard error', async () => {
    const child = spawn(process.execPath, [main, 'status', '--socket', '/nonexistent'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [status, stdout, stderr] = await Promise.all([
      statusOf(child),
      text(child.stdout),
      text(child.stderr),
    ]);
    expect({ status, stdout, stderr }).toEqual({
      status: 3,
      stdout: '',
      stderr: 'driverctl: Cannot connect to /nonexistent: it does not exist\n',
    });
  });

  test('writes a large result whole, although its reader is slow', async () => {
    server = await playLargeAnswers();
    const child = spawn(process.execPath, [main, 'call', 'disk.usage', '--json', '--socket', server.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = statusOf(child);
    expect((await text(child.stdout)).length).toBe(1_000_003);
    expect(await ended).toBe(0);
  });

  test('takes piped params of any size', async () => {
    server = await playLargeAnswers();
    const child = spawn(process.execPath, [main, 'call', 'disk.usage', '-', '--socket', server.path], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    child.stdin.end(JSON.stringify({ path: 'y'.repeat(500_000) }));
    expect(await statusOf(child)).toBe(0);
    expect(server.requests.at(-1)?.['params']).toMatchObject({ path: 'y'.repeat(500_000) });
  });

  test('ends with a status and without a trace where the reader of its output has gone (U7)', async () => {
    server = await playLargeAnswers();
    for (const [words, expected] of [
      [['disk.usage'], 1],
      [['lookup.host', '--raw'], 125],
    ] as const) {
      const child = spawn(process.execPath, [main, 'call', ...words, '--socket', server.path], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.destroy();
      const [status, stderr] = await Promise.all([statusOf(child), text(child.stderr)]);
      expect(status).toBe(expected);
      expect(stderr).toBe('driverctl: Cannot write the result: its reader has gone\n');
    }
  });

  test('ends with a status and one line where the disk is full (U7)', async () => {
    server = await playLargeAnswers();
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [main, 'call', 'disk.usage', '--socket', server.path], {
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    const [status, stderr] = await Promise.all([
      statusOf(child),
      child.stderr === null ? '' : text(child.stderr),
    ]);
    expect(status).toBe(1);
    expect(stderr).toBe('driverctl: Cannot write the result: no space left on the device\n');
  });

  test('does not take a result for written of which only a part fitted (U7)', async () => {
    server = await playLargeAnswers();
    // A file size limit cuts the write short as a disk that fills up does: the first write reports no error (write(2)).
    const script = 'trap "" XFSZ; ulimit -f 8; out=$1; shift; exec "$@" > "$out"';
    const words = [main, 'call', 'disk.usage', '--socket', server.path];
    const out = `${server.folder}/out`;
    const child = spawn('sh', ['-c', script, 'sh', out, process.execPath, ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [status, stderr] = await Promise.all([statusOf(child), text(child.stderr)]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: 'driverctl: Cannot write the result: EFBIG\n' });
    expect((await readFile(out)).length).toBeGreaterThan(0);
  });

  test('keeps its status where standard error is full too (U7)', async () => {
    const full = openSync('/dev/full', 'w');
    const child = spawn(process.execPath, [main, 'bogus'], { stdio: ['ignore', full, full] });
    closeSync(full);
    expect(await statusOf(child)).toBe(2);
  });

  test('has no control character of a result, a description or an error reach a real terminal (U1, U2)', async () => {
    const evil = 'a\x1b]52;c;eA==\x07\x9b2J\u202e\u200b\x7f';
    server = await playServer(
      playDaemon([describedMethod('disk.usage', { summary: evil })], ({ id, params }, socket) => {
        const error = { code: -32015, message: evil, data: { reason: 'driver-error', request_id: evil } };
        const isCall = params !== undefined && JSON.stringify(params).includes('good');
        say(socket, {
          jsonrpc: '2.0',
          id,
          ...(isCall ? { result: { [evil]: [{ [evil]: evil }] } } : { error }),
        });
      }),
    );
    for (const words of [
      'list',
      'describe disk.usage',
      'call disk.usage path=good',
      'call disk.usage',
      'status',
    ]) {
      const command = `"${process.execPath}" "${main}" ${words} --socket "${server.path}"`;
      const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [printed] = await Promise.all([text(child.stdout), statusOf(child)]);
      expect(printed).toContain('52;c;eA==');
      // The terminal itself turns each line feed into CR LF.
      expect(printed.replaceAll('\r\n', '\n')).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u200b]/u);
    }
  });
});
