import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { connectClient } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { rounds } from '../support/rounds.ts';

const MARK = 'a-param-that-the-monitor-never-sees';
const MARK_OUT = 'to-be-found-in-output';

/** Arguments and environment of every process whose text can be read. */
function argumentsAndEnvironments(pids: readonly string[]): string {
  return pids
    .flatMap((pid) => ['cmdline', 'environ'].map((file) => `/proc/${pid}/${file}`))
    .map((path) => {
      try {
        return readFileSync(path, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/**
 * Follows each descriptor that leads to a caller or a driver (accepted, copied from such a one, or a pipe) from where the
 * trace shows it made to where it is closed, and finds reads of it in between.
 */
function followForeign(trace: string): { followed: number; reads: string[] } {
  const foreign = new Set<string>();
  const reads: string[] = [];
  const pipes: string[][] = [];
  let followed = 0;
  const follow = (descriptor: string | undefined): void => {
    if (descriptor === undefined) return;
    foreign.add(descriptor);
    followed += 1;
  };
  for (const line of trace.split('\n')) {
    const [, call = '', first = ''] = /^(\w+)\((\[?\d+)/.exec(line) ?? [];
    const result = / = (\d+)/.exec(line)?.[1];
    if (call.startsWith('accept')) follow(result);
    else if (call === 'fcntl' && line.includes('F_DUPFD') && foreign.has(first)) follow(result);
    else if (call === 'pipe2') pipes.push(/\[(\d+), (\d+)\]/.exec(line)?.slice(1) ?? []);
    // libuv makes pipes of its own; a driver's are those of which an end is opened to its user.
    else if (call === 'fchmod')
      for (const end of pipes.findLast((ends) => ends.includes(first)) ?? []) follow(end);
    else if (call === 'close') foreign.delete(first);
    else if (/^(?:read|readv|recvfrom|recvmsg)$/.test(call) && foreign.has(first)) reads.push(line);
  }
  return { followed, reads };
}

test('a trace of the monitor over 100 calls shows the accepts and the descriptors passed, and no read of a caller’s or a driver’s byte (invariants 5 and 6)', async () => {
  const trace = join(tmpdir(), `driverd-trace-${process.pid}`);
  // -f without -ff would follow into the sandboxes; only the monitor's own threads are wanted, so it follows none.
  const daemon = await startTestDaemon({
    wrap: [
      'strace',
      '-D',
      '-s',
      '4096',
      '-e',
      'trace=accept,accept4,sendmsg,recvmsg,recvfrom,read,readv,execve,close,fcntl,pipe2,fchmod',
      '-e',
      'signal=none',
      '-o',
      trace,
    ],
  });
  const count = rounds('tracedCalls');
  for (let call = 0; call < count; call += 1) {
    const client = await connectClient(daemon.socket);
    const reply = await client.call('arguments.show', { words: [MARK, `${MARK_OUT}-${call}`] });
    expect(reply.error).toBeUndefined();
    client.close();
  }
  const seen = argumentsAndEnvironments(
    [String(daemon.pid), ...readdirSync('/proc').filter((name) => /^\d+$/.test(name))].slice(0, 1),
  );
  await wait(300);
  await daemon.stop();
  const text = readFileSync(trace, 'utf8');
  rmSync(trace);

  expect(text.match(/accept4?\(.* = \d+/g)?.length ?? 0).toBeGreaterThanOrEqual(count);
  const passed = text.split('\n').filter((line) => line.includes('SCM_RIGHTS'));
  expect(passed.filter((line) => line.includes('"session ')).length).toBeGreaterThanOrEqual(count);
  expect(passed.filter((line) => line.includes('"launch ')).length).toBe(count);
  expect(text).not.toContain(MARK);
  expect(text).not.toContain(MARK_OUT);
  expect(seen).not.toContain(MARK);

  const { followed, reads } = followForeign(text);
  expect(followed).toBeGreaterThanOrEqual(8 * count);
  expect(reads).toEqual([]);
}, 120_000);
