import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { childrenOf } from '../../../src/monitor/launch/process-status.ts';
import { type Client, callOnce, connectClient } from '../../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../../support/daemon.ts';
import { descendantsOf, statusOf } from '../../support/processes.ts';

const isRoot = process.geteuid?.() === 0;
let daemon: TestDaemon;
let client: Client;
let broker: number;
let driver: number;

beforeAll(async () => {
  // A descriptor above 15 that whoever started the daemon forgot (L4), and signals ignored by it (L17).
  daemon = await startTestDaemon({
    wrap: ['/bin/sh', '-c', 'trap "" HUP INT; exec 9<>/dev/null; exec "$@"', 'sh'],
  });
  const before = childrenOf(daemon.pid);
  broker = before.flatMap(descendantsOf).at(-1) ?? -1;
  client = await connectClient(daemon.socket);
  client.send({ jsonrpc: '2.0', id: 1, method: 'misbehave.hang', params: {} });
  const launched = (): number[] =>
    childrenOf(daemon.pid)
      .filter((pid) => !before.includes(pid))
      .flatMap(descendantsOf);
  // The gate has become the driver once Node’s own words stand in its command line.
  const isDriver = (pid: number): boolean => /^\/node\0/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));
  driver = await vi.waitFor(
    () => {
      const pid = launched().find(isDriver);
      if (pid === undefined) throw new Error('the driver has not begun');
      return pid;
    },
    { timeout: 15_000 },
  );
});
afterAll(async () => {
  client.close();
  await daemon.stop();
});

test('driver and broker have no uid 0, no capability, no_new_privs and a filter, as /proc says (invariants 5 and 7, L3, L23)', () => {
  for (const pid of [broker, driver]) {
    const status = statusOf(pid);
    const uids = status.get('Uid')?.split(/\s+/) ?? [];
    expect(uids).toHaveLength(4);
    expect(uids).not.toContain('0');
    for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
      expect(status.get(set)).toBe('0000000000000000');
    expect(status.get('NoNewPrivs')).toBe('1');
    expect(status.get('Seccomp')).toBe('2');
    if (isRoot) expect(status.get('Groups')).toBe('');
  }
});

test('as root, driver and broker are different users, and neither has uid without gid (L1, L21)', () => {
  if (!isRoot) return;
  expect(statusOf(driver).get('Uid')).not.toBe(statusOf(broker).get('Uid'));
  for (const pid of [broker, driver]) expect(statusOf(pid).get('Gid')).toBe(statusOf(pid).get('Uid'));
});

test('audit log, keys, state and configuration do not exist in the broker’s own view (invariant 5, X2)', () => {
  for (const path of [
    daemon.log,
    daemon.state,
    `${daemon.state}/params-keys.json`,
    daemon.socket,
    `${daemon.folder}/driverd.yaml`,
    '/etc/shadow',
  ]) {
    expect(existsSync(path) || path === '/etc/shadow').toBe(true);
    expect(existsSync(`/proc/${broker}/root${path}`)).toBe(false);
    expect(existsSync(`/proc/${driver}/root${path}`)).toBe(false);
  }
});

test('a driver gets descriptors 0, 1 and 2, an empty environment, umask 077 and limits, whatever the daemon was started with (L4, L5, L19, R12)', async () => {
  const reply = await callOnce(daemon.socket, 'misbehave.report', {
    paths: ['/etc/shadow', daemon.log, '/proc/1/environ', '/proc/kcore'],
  });
  expect(reply.error).toBeUndefined();
  const { descriptors, environment, umask, cwd, opened } = reply.result;
  // What Node itself opens (epoll, eventfd) is anonymous; a file or a socket of the daemon would not be.
  const others = Object.entries(descriptors).filter(
    ([fd, to]) => Number(fd) > 2 && !String(to).startsWith('anon_inode:'),
  );
  expect(others.filter(([, to]) => !/^(pipe|socket):|^\/(dev\/null|driver|proc\/)/.test(String(to)))).toEqual(
    [],
  );
  expect(Object.keys(environment).sort()).toEqual(['PATH', 'PWD']);
  expect(umask).toBe('0077');
  expect(cwd).toBe('/driver');
  for (const path of ['/etc/shadow', daemon.log]) expect(opened[path]).toBe('ENOENT');
  const limits = readFileSync(`/proc/${driver}/limits`, 'utf8');
  expect(limits).toMatch(/Max core file size\s+0\s+0/);
  expect(limits).toMatch(/Max open files\s+256\s+256/);
  // Times the launches at once where the count is not the sandbox’s own (`degraded: processes`).
  expect(limits).toMatch(/Max processes\s+(64\s+64|4096\s+4096)/);
});

test('signals that the daemon was started with as ignored are not ignored by a driver (L17)', () => {
  const ignored = BigInt(`0x${statusOf(driver).get('SigIgn') ?? 'f'}`);
  const HUP_AND_INT = 0b11n;
  expect(ignored & HUP_AND_INT).toBe(0n);
});

test('SIGUSR1 opens no inspector in monitor or broker (O3)', async () => {
  process.kill(daemon.pid, 'SIGUSR1');
  process.kill(broker, 'SIGUSR1');
  await wait(300);
  expect(daemon.stderr()).not.toContain('Debugger listening');
  expect((await callOnce(daemon.socket, 'rpc.discover', {})).error).toBeUndefined();
});
