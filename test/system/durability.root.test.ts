import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { permitAll } from '../../scripts/development-folder.ts';
import { sealsPath } from '../../src/shared/audit/segments.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { brokerOf } from '../support/processes.ts';

/** What the kernel was asked to do for one call. */
interface Trace {
  /** The monitor's write of the intent. */
  readonly intent: SystemCall;
  /** The broker's write of the driver's request. */
  readonly handOver: SystemCall;
  /** The monitor's write of the outcome. */
  readonly outcome: SystemCall;
  /** The broker's write of the reply. */
  readonly reply: SystemCall;
  /** Calls of fdatasync(2) on the log, by the monitor, that began when one had returned and returned before the other began. */
  syncsBetween(one: SystemCall, other: SystemCall): number;
}

/**
 * One tracer sees all processes, and each stands still before and behind every call until the tracer has written its
 * line: what stands on an earlier line as returned had returned before what stands on a later one was begun. Times would
 * add nothing, since they are those of the lines.
 */
interface SystemCall {
  /** The lines on which it begins and returns. */
  readonly begun: number;
  readonly returned: number;
  readonly thread: number;
  readonly text: string;
}

/** How long the daemon is left alone so that what it does of itself is over, in milliseconds. */
const QUIET_MS = 500 * patience;

/** The system calls of a trace by several threads, where one that is interrupted by another's stands on two lines. */
function systemCalls(trace: string): SystemCall[] {
  const open = new Map<string, Omit<SystemCall, 'returned'>>();
  const calls: SystemCall[] = [];
  for (const [place, line] of trace.split('\n').entries()) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const begins = { begun: place, thread: Number(thread), text };
    if (text.endsWith('<unfinished ...>')) open.set(thread, begins);
    else if (text.startsWith('<... ')) {
      const begun = open.get(thread);
      if (begun !== undefined) calls.push({ ...begun, returned: place });
      open.delete(thread);
    } else calls.push({ ...begins, returned: place });
  }
  return calls;
}

function threadsOf(pid: number): ReadonlySet<number> {
  return new Set(readdirSync(`/proc/${pid}/task`).map(Number));
}

/** Makes one call of a daemon with this durability, and says in which order what it did came to the kernel. */
async function traceCall(durability: string, method: string, params: object): Promise<Trace> {
  const file = join(tmpdir(), `driverd-durability-${process.pid}`);
  onTestFinished(() => rmSync(file, { force: true }));
  const daemon = await startTestDaemon({
    profiles: { echo: 'version: 1\n', eraser: 'version: 1\n' },
    policy: `${permitAll(0)}permit(principal, action == Action::"eraser.erase", resource);\n`,
    audit: `durability: ${durability}`,
    wrap: [
      ...['strace', '-D', '-f', '--seccomp-bpf', '-y', '-s', '20000'],
      ...['-e', 'trace=write,writev,pwrite64,fdatasync', '-e', 'signal=none', '-o', file],
    ],
  });
  let reply: Awaited<ReturnType<typeof callOnce>>;
  let threads: Readonly<Record<'monitor' | 'broker', ReadonlySet<number>>>;
  try {
    // The start's own records and its first seal are on disk by then.
    await expect
      .poll(() => statSync(sealsPath(daemon.log)).size, { timeout: 20_000 * patience })
      .toBeGreaterThan(0);
    await wait(QUIET_MS);
    reply = await callOnce(daemon.socket, method, { ...params, _meta: { reply: true } });
    threads = { monitor: threadsOf(daemon.pid), broker: threadsOf(brokerOf(daemon.pid) ?? -1) };
    await wait(QUIET_MS);
  } finally {
    await daemon.stop();
  }
  // The tracer has seen the end of all that it traces before anyone else does.
  const calls = systemCalls(readFileSync(file, 'utf8'));
  expect(reply.error).toBeUndefined();
  const request = String(reply._meta?.['request_id']);
  const find = (who: keyof typeof threads, ...words: readonly string[]): SystemCall => {
    const found = calls.filter(
      ({ thread, text }) =>
        threads[who].has(thread) && text.startsWith('write') && words.every((word) => text.includes(word)),
    );
    expect([who, words, found.length]).toEqual([who, words, 1]);
    return found[0] as SystemCall;
  };
  const quoted = (name: string, value: string): string => `\\"${name}\\":\\"${value}\\"`;
  const log = `/${basename(daemon.log)}>`;
  const syncs = calls.filter(
    ({ thread, text }) => threads.monitor.has(thread) && text.startsWith('fdatasync(') && text.includes(log),
  );
  return {
    intent: find('monitor', log, quoted('event', 'call-start'), quoted('request_id', request)),
    handOver: find(
      'broker',
      quoted('jsonrpc', '2.0'),
      quoted('method', method.slice(method.indexOf('.') + 1)),
    ),
    outcome: find('monitor', log, quoted('event', 'call-end'), quoted('request_id', request)),
    reply: find('broker', quoted('jsonrpc', '2.0'), quoted('request_id', request), '\\"result\\"'),
    syncsBetween: (one, other) =>
      syncs.filter(({ begun, returned }) => begun > one.returned && returned < other.begun).length,
  };
}

function expectBefore(one: SystemCall, other: SystemCall): void {
  expect(one.returned).toBeLessThan(other.begun);
}

describe('with durability outcome', () => {
  test('fdatasync has returned before the reply is written, and nothing waits for it before the driver gets its request (invariant 11, A3)', async () => {
    const { intent, handOver, outcome, reply, syncsBetween } = await traceCall('outcome', 'echo.say', {
      text: 'x',
    });
    expectBefore(intent, handOver);
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
  expectBefore(outcome, reply);
  expect(syncsBetween(outcome, reply)).toBe(0);
});

test('with durability none, both are written and nothing is asked of the disk, destructive or not (the control)', async () => {
  const { intent, handOver, outcome, reply, syncsBetween } = await traceCall('none', 'eraser.erase', {
    path: '/x',
  });
  expectBefore(intent, handOver);
  expectBefore(outcome, reply);
  expect(syncsBetween(intent, reply)).toBe(0);
});
