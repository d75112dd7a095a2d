import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makeDevelopmentFolder, permitAll } from '../../../scripts/development-folder.ts';
import { type LaunchHost, thisLaunchHost } from '../../../src/monitor/configuration/launch-host.ts';
import { loadGeneration } from '../../../src/monitor/configuration/load.ts';
import type { DriverPlan } from '../../../src/monitor/configuration/plan.ts';
import { findInstallation } from '../../../src/monitor/installation.ts';
import { parseOptions } from '../../../src/monitor/options.ts';

/** What a profile may give beyond an ordinary user's rights, on hosts and under daemons of all kinds. */
const isRoot = process.geteuid?.() === 0;
const UNIT = ['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_KILL'];
const DROP_IN = [...UNIT, 'CAP_SYS_ADMIN', 'CAP_NET_ADMIN'];
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A daemon with these capabilities alone. */
function played(holds: readonly string[], more: Partial<LaunchHost> = {}): LaunchHost {
  return {
    isRoot: true,
    lacks: (names) => names.filter((name) => !holds.includes(name)),
    userNamespaceBy: () => 'unshare' as const,
    ...more,
  };
}

function plan(profile: string, host: LaunchHost): DriverPlan {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  folders.push(folder);
  const profiles = { accounts: `version: 1\n${profile}\n` };
  const { state } = makeDevelopmentFolder(folder, profiles, permitAll(0));
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const options = parseOptions(['--development', '--config', folder, '--state', state]);
  const made = loadGeneration(1, options, findInstallation(), new Set(), [], host).drivers.get('accounts');
  if (made === undefined) throw new Error('Cannot find the plan');
  return made;
}

function refusal(profile: string, host: LaunchHost): string {
  try {
    plan(profile, host);
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^.*drivers\.d\//, '') : '';
  }
  return '';
}

const ROOT = 'user: root\naccept_root: needs the raw disk';

describe.runIf(isRoot)('a granted capability', () => {
  test('is in the plan by name, without a user namespace, in the order of the kernel', () => {
    const profile = 'capabilities: [CAP_NET_RAW, CAP_NET_BIND_SERVICE]';
    const host = played([...DROP_IN, 'CAP_NET_RAW', 'CAP_NET_BIND_SERVICE']);
    expect(plan(profile, host).sandbox).toMatchObject({
      way: 'inner-setpriv',
      capabilities: ['CAP_NET_BIND_SERVICE', 'CAP_NET_RAW'],
    });
    expect(plan('', host).sandbox).toMatchObject({ capabilities: [], coveredProcFiles: [] });
  });

  test('that the daemon has not got itself is refused with file, line and what to add (invariant 8)', () => {
    expect(refusal('capabilities: [CAP_NET_RAW]', played(DROP_IN))).toBe(
      'accounts.yaml:2: capabilities.0: driverd itself has not got CAP_NET_RAW: add it to CapabilityBoundingSet= of its unit',
    );
  });

  test('under a unit that can start nothing without a user namespace names the drop-in (invariant 8)', () => {
    const why = refusal('capabilities: [CAP_NET_RAW]', played([...UNIT, 'CAP_NET_RAW']));
    expect(why).toContain('driverd lacks CAP_SYS_ADMIN, CAP_NET_ADMIN');
    expect(why).toContain('driverd.service.d/without-user-namespaces.conf');
    // The host's own network needs no loopback to be made.
    const onHost = 'capabilities: [CAP_NET_RAW]\nnetwork: host';
    expect(refusal(onHost, played([...UNIT, 'CAP_NET_RAW', 'CAP_SYS_ADMIN']))).toBe('');
  });

  test('rootless is refused with file, line and reason', () => {
    const rootless = played([], { isRoot: false });
    expect(refusal('capabilities: [CAP_NET_RAW]', rootless)).toBe(
      'accounts.yaml:2: capabilities.0: CAP_NET_RAW needs a daemon that runs as root',
    );
  });

  test.each(['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP', 'CAP_SETFCAP', 'CAP_SYS_ADMIN'])(
    '%s, with which the record would not stay true, is for root drivers alone (invariants 7 and 8)',
    (name) => {
      const host = played([...DROP_IN, 'CAP_SETFCAP']);
      expect(refusal(`capabilities: [${name}]`, host)).toContain(
        'it is granted with user: root and accept_root alone',
      );
      expect(plan(`capabilities: [${name}]\n${ROOT}`, host).sandbox.capabilities).toEqual([name]);
    },
  );
});

describe('root', () => {
  test('needs a reason, and a reason needs root (invariant 7)', () => {
    const host = played(DROP_IN);
    expect(refusal('user: root', host)).toBe(
      'accounts.yaml:2: user: root needs accept_root: "<why this driver must be root>" beside it',
    );
    expect(refusal('accept_root: needs the raw disk', host)).toBe(
      'accounts.yaml:2: accept_root: is for user: root alone',
    );
    expect(refusal('user: root\naccept_root: short', host)).toContain('accounts.yaml:3: accept_root');
    expect(refusal('user: root\naccept_root: "a control \\e character"', host)).toContain('accounts.yaml:3');
  });

  test.runIf(isRoot)('is uid and gid 0, without a user namespace, and no capability with it', () => {
    const made = plan(ROOT, played(DROP_IN));
    expect(made.acceptRoot).toBe('needs the raw disk');
    expect(made.sandbox).toMatchObject({
      ...{ way: 'inner-setpriv', uid: 0, gid: 0, groups: [], capabilities: [] },
    });
    expect(plan('', played(DROP_IN)).acceptRoot).toBeNull();
  });

  test.runIf(!isRoot)('is refused by a rootless daemon', () => {
    expect(refusal(ROOT, thisLaunchHost({ uid: 0, gid: 0 }))).toContain(
      'user root needs a daemon that runs as root',
    );
  });
});

describe('a host that makes no user namespaces', () => {
  const none = { userNamespaceBy: () => null };

  test.runIf(isRoot)(
    'has root’s daemon start all without them, and degradations say so (invariant 8)',
    () => {
      const made = plan('', played(DROP_IN, none));
      expect(made.sandbox.way).toBe('inner-setpriv');
      expect(made.degraded).toContain('processes');
    },
  );

  test('is refused by a rootless daemon, and by one whose unit lacks the capabilities, in one line', () => {
    const rootless = refusal('', played([], { isRoot: false, ...none }));
    expect(rootless).toMatch(
      /^Cannot start the broker: this host makes no user namespaces \(see `driverctl doctor`\), and a daemon/,
    );
    expect(refusal('', played(UNIT, none))).toContain('driverd.service.d/without-user-namespaces.conf adds');
  });

  test('is found by trying: this one answers as bubblewrap does', () => {
    expect(thisLaunchHost({ uid: 79_999, gid: 79_999 }).userNamespaceBy()).toBe('unshare');
  });
});
