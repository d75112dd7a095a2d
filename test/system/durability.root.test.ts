import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { permitAll } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';

/** What the kernel was asked to do for one call, each by its place in the trace. */
interface Trace {
  /** The write of the intent returned. */
  readonly intent: number;
  /** The driver's request was begun to be written. */
  readonly handOver: number;
  /** The write of the outcome returned. */
  readonly outcome: number;
  /** The reply was begun to be written. */
  readonly reply: number;
  /** Calls of fdatasync(2) that began behind the first place and returned before the second. */
  syncsBetween(one: number, other: number): number;
}

interface SystemCall {
  readonly begun: number;
  readonly returned: number;
  readonly text: string;
}

/** The system calls of a trace by several threads, where one that is interrupted by another's stands on two lines. */
function systemCalls(trace: string): SystemCall[] {
  const open = new Map<string, { begun: number; text: string }>();
  const calls: SystemCall[] = [];
  for (const [place, line] of trace.split('\n').entries()) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) open.set(thread, { begun: place, text });
    else if (text.startsWith('<... ')) {
      const begun = open.get(thread);
      if (begun !== undefined) calls.push({ ...begun, returned: place });
      open.delete(thread);
    } else calls.push({ begun: place, returned: place, text });
  }
  return calls;
}

/** Makes one call of a daemon with this durability, and says in which order what it did came to the kernel. */
async function traceCall(durability: string, method: string, params: object): Promise<Trace> {
  const file = join(tmpdir(), `driverd-durability-${process.pid}`);
  const daemon = await startTestDaemon({
    profiles: { echo: 'version: 1\n', eraser: 'version: 1\n' },
    policy: `${permitAll(0)}permit(principal, action == Action::"eraser.erase", resource);\n`,
    audit: `durability: ${durability}`,
    wrap: [
      'strace',
      '-D',
      '-f',
      '--seccomp-bpf',
      '-s',
      '20000',
      '-e',
      'trace=write,writev,pwrite64,fdatasync',
      '-o',
      file,
    ],
  });
  let reply: Awaited<ReturnType<typeof callOnce>>;
  try {
    // The start's own records are on disk by then.
    await wait(500);
    reply = await callOnce(daemon.socket, method, { ...params, _meta: { reply: true } });
    await wait(500);
  } finally {
    await daemon.stop();
  }
  const calls = systemCalls(readFileSync(file, 'utf8'));
  rmSync(file);
  expect(reply.error).toBeUndefined();
  const request = String(reply._meta?.['request_id']);
  const find = (...words: readonly string[]): SystemCall => {
    const found = calls.filter(
      ({ text }) => text.startsWith('write') && words.every((word) => text.includes(word)),
    );
    expect([words, found.length]).toEqual([words, 1]);
    return found[0] as SystemCall;
  };
  const quoted = (name: string, value: string): string => `\\"${name}\\":\\"${value}\\"`;
  const syncs = calls.filter(({ text }) => text.startsWith('fdatasync'));
  return {
    intent: find(quoted('event', 'call-start'), quoted('request_id', request)).returned,
    handOver: find(quoted('jsonrpc', '2.0'), quoted('method', method.slice(method.indexOf('.') + 1))).begun,
    outcome: find(quoted('event', 'call-end'), quoted('request_id', request)).returned,
    reply: find(quoted('jsonrpc', '2.0'), quoted('request_id', request), '\\"result\\"').begun,
    syncsBetween: (one, other) =>
      syncs.filter(({ begun, returned }) => begun > one && returned < other).length,
  };
}

describe('with durability outcome', () => {
  test('fdatasync has returned before the reply is written, and nothing waits for it before the driver gets its request (invariant 11, A3)', async () => {
    const { intent, handOver, outcome, reply, syncsBetween } = await traceCall('outcome', 'echo.say', {
      text: 'x',
    });
    expect(intent).toBeLessThan(handOver);
    expect(syncsBetween(intent, handOver)).toBe(0);
    expect(syncsBetween(outcome, reply)).toBe(1);
  });

  test('the intent of a method that is marked destructive is on disk before the driver gets its request (invariant 11)', async () => {
    const { intent, handOver, outcome, reply, syncsBetween } = await traceCall('outcome', 'eraser.erase', {
      path: '/x',
    });
    expect(syncsBetween(intent, handOver)).toBe(1);
    expect(syncsBetween(outcome, reply)).toBe(1);
  });
});

test('with durability intent, each intent is on disk before hand-over, and the outcome is only written before the reply (invariant 11)', async () => {
  const { intent, handOver, outcome, reply, syncsBetween } = await traceCall('intent', 'echo.say', {
    text: 'x',
  });
  expect(syncsBetween(intent, handOver)).toBe(1);
  expect(outcome).toBeLessThan(reply);
  expect(syncsBetween(outcome, reply)).toBe(0);
});

test('with durability none, both are written and nothing is asked of the disk, destructive or not (the control)', async () => {
  const { intent, handOver, outcome, reply, syncsBetween } = await traceCall('none', 'eraser.erase', {
    path: '/x',
  });
  expect(intent).toBeLessThan(handOver);
  expect(outcome).toBeLessThan(reply);
  expect(syncsBetween(intent, reply)).toBe(0);
});
