import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { makeDevelopmentFolder, permitAll } from '../../../scripts/development-folder.ts';
import { type Generation, loadGeneration } from '../../../src/monitor/configuration/load.ts';
import { findInstallation } from '../../../src/monitor/installation.ts';
import { parseOptions } from '../../../src/monitor/options.ts';

const isRoot = process.geteuid?.() === 0;
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** Loads a development configuration with these profiles, as the monitor does. */
function load(
  profiles: Readonly<Record<string, string>>,
  prepare: (folder: string) => void = () => undefined,
): Generation {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  folders.push(folder);
  return loadFrom(folder, profiles, prepare);
}

function loadFrom(
  folder: string,
  profiles: Readonly<Record<string, string>>,
  prepare: (folder: string) => void = () => undefined,
): Generation {
  const texts = Object.fromEntries(
    Object.entries(profiles).map(([name, text]) => [name, `version: 1\n${text}\n`]),
  );
  const { state } = makeDevelopmentFolder(folder, texts, permitAll(0));
  mkdirSync(state, { recursive: true, mode: 0o700 });
  prepare(folder);
  const options = parseOptions(['--development', '--config', folder, '--state', state]);
  return loadGeneration(1, options, findInstallation(), new Set());
}

const refusal = (grants: string): string => {
  try {
    load({ accounts: grants });
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^.*drivers\.d\//, '') : '';
  }
  return '';
};

describe('a profile that names what is not there is refused with file, line and the nearest word', () => {
  test.each<[string, string]>([
    [
      'capabilities: [CAP_NET_ROW]',
      'accounts.yaml:2: capabilities.0: there is no capability CAP_NET_ROW; did you mean CAP_NET_RAW?',
    ],
    [
      'syscalls: { allow: [ptrase] }',
      'accounts.yaml:2: syscalls.allow.0: there is no system call ptrase; did you mean ptrace?',
    ],
    [
      'syscalls: { filter: strikt }',
      'accounts.yaml:2: syscalls.filter: must be one of default, strict; did you mean strict?',
    ],
    ['network: hots', 'accounts.yaml:2: network: must be one of none, loopback, host; did you mean host?'],
    ['network: { hosts: [example.org] }', 'accounts.yaml:2: network: must be string'],
    [
      'filesystem: { read: [/ect] }',
      'accounts.yaml:2: filesystem.read.0: /ect does not exist; did you mean /etc?',
    ],
    [
      'filesystem: { read: [/etc/../root] }',
      'accounts.yaml:2: filesystem.read.0: must be normalised: no //, . or ..',
    ],
    ['limits: { proceses: 5 }', 'accounts.yaml:2: limits.proceses: unknown key; did you mean processes?'],
    [
      'devices: [/dev/zeros]',
      'accounts.yaml:2: devices.0: /dev/zeros does not exist; did you mean /dev/zero?',
    ],
    ['devices: [/dev/shm]', 'accounts.yaml:2: devices.0: /dev/shm is no device'],
    [
      'require: [memory]',
      'accounts.yaml:2: require: memory: this host has no cgroup v2 that driverd could set memory.max in',
    ],
    [
      'launcher: contaner',
      'accounts.yaml:2: launcher: must be one of sandbox, container; did you mean container?',
    ],
    ['launcher: container', 'accounts.yaml:2: launcher: a container needs a `root` folder'],
    ['fallback: sandbox', 'accounts.yaml:2: fallback: is for `launcher: container`'],
    [
      'launcher: container\nroot: /srv\nnetwork: loopback',
      'accounts.yaml:4: network: a container has no network',
    ],
    ['root: /srv/../etc', 'accounts.yaml:2: root: must be normalised'],
    ['root: /no/such/folder', 'accounts.yaml:2: root: /no/such/folder does not exist'],
    ['on_output_limit: cut', 'accounts.yaml:2: on_output_limit: must be one of fail, truncate'],
    [
      'secrets: [{ name: a, credential: b }]',
      'accounts.yaml:2: secrets.0.credential: driverd was given no credentials: its unit needs LoadCredential=',
    ],
    [
      'secrets: [{ name: a, file: /b, as: environment }]',
      'accounts.yaml:2: secrets.0.as: a secret as environment needs a variable',
    ],
    [
      'secrets: [{ name: a, file: /b, as: environment, variable: LD_PRELOAD }]',
      'accounts.yaml:2: secrets.0.variable: must match pattern',
    ],
  ])('%s', (grants, why) => {
    expect(refusal(grants)).toContain(why);
  });

  test.runIf(isRoot)('a user or group that is not there, and root', () => {
    expect(refusal('user: daemn')).toContain(
      'accounts.yaml:2: user: there is no user daemn; did you mean daemon?',
    );
    expect(refusal('groups: [admm]')).toContain(
      'accounts.yaml:2: groups.0: there is no group admm; did you mean adm?',
    );
    expect(refusal('user: root')).toContain('accounts.yaml:2: user: root needs accept_root');
    expect(refusal('groups: [root]')).toContain("accounts.yaml:2: groups.0: group root is root's");
  });

  test.runIf(!isRoot)('rootless: another user, and groups', () => {
    expect(refusal('user: daemon')).toContain('needs a daemon that runs as root');
    expect(refusal('groups: [adm]')).toContain('groups need a daemon that runs as root');
  });
});

describe('what is not an admin’s to grant is refused', () => {
  test.each(['/', '/usr', '/etc', '/usr/bin', '/proc', '/dev/shm'])('writing %s', (path) => {
    expect(refusal(`filesystem: { write: [{ path: ${path}, at: /work }] }`)).toContain(
      "is the system's or driverd's own",
    );
  });

  test.each(['/proc', '/dev/x', '/driver', '/driver/x', '/node', '/run/secrets/x', '/usr', '/tmp', '/'])(
    'something at %s in the driver’s view',
    (at) => {
      expect(refusal(`filesystem: { read: [{ path: /srv, at: ${at} }] }`)).toMatch(/cannot be put at/);
    },
  );

  test.each(['/usr/bin/setpriv', '/etc/ld.so.preload', '/lib/x', '/usr/lib/libc.so.6', '/bin/sh'])(
    'something else at %s in the driver’s view: a program there runs as root for a moment (invariant 7)',
    (at) => {
      expect(refusal(`filesystem: { read: [{ path: /srv, at: ${at} }] }`)).toMatch(/cannot be put at/);
    },
  );

  test('what the host itself has at such a place can be granted there', () => {
    expect(refusal('filesystem: { read: [/etc/hostname] }')).toBe('');
  });

  test('a path below one that some driver may write: it would be followed anew at each launch, links and all', () => {
    const outer = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    folders.push(outer);
    chmodSync(outer, 0o755);
    mkdirSync(join(outer, 'out/a/in'), { recursive: true });
    const write = `filesystem: { write: [{ path: ${outer}/out, at: /work }] }`;
    const below = `filesystem: { read: [${outer}/out/a/in] }`;
    expect(() => load({ accounts: write, 'accounts-b': `driver: accounts\n${below}` })).toThrow(
      /lies in .*\/out, which accounts may write/,
    );
    expect(() =>
      load({
        accounts: `filesystem: { write: [{ path: ${outer}/out, at: /work }], read: [{ path: /srv, at: /work/a/in }] }`,
      }),
    ).toThrow(/which accounts may write/);
    expect(load({ accounts: write, 'accounts-b': `driver: accounts\n${write}` }).drivers.size).toBe(2);
  });

  test('a link to a folder above driverd’s own is covered as that folder is', () => {
    const outer = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    folders.push(outer);
    chmodSync(outer, 0o755);
    symlinkSync('/', join(outer, 'root'));
    const { drivers } = load({ accounts: `filesystem: { read: [{ path: ${outer}/root, at: /host }] }` });
    const covered = drivers.get('accounts')?.sandbox.mounts.filter(({ kind }) => kind === 'empty');
    expect(covered?.map(({ target }) => target)).toEqual(expect.arrayContaining(['/host/proc', '/host/run']));
  });

  test('driverd’s own folders, also by a link to them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    folders.push(folder);
    chmodSync(folder, 0o755);
    expect(() => loadFrom(folder, { accounts: `filesystem: { read: [${folder}/state] }` })).toThrow(
      "driverd's own",
    );
  });
});

describe('programs', () => {
  const driver = (folder: string, mode: number): void => {
    const place = join(folder, 'drivers/own');
    mkdirSync(place);
    copyFileSync('/usr/bin/true', join(place, 'run'));
    chmodSync(join(place, 'run'), mode);
    writeFileSync(
      join(place, 'driver.yaml'),
      'version: 1\nname: own\nkind: command\nprogram: { executable: run }\nmethods: {}\n',
    );
  };

  test('a program that anybody but root can change is refused at load, and no driver can change one (L9)', () => {
    expect(load({ own: '' }, (folder) => driver(folder, 0o755)).drivers.size).toBe(1);
    expect(() => load({ own: '' }, (folder) => driver(folder, 0o757))).toThrow(/Cannot trust .*run/);
  });

  test('a driver whose program is set-uid is refused at load (L11)', () => {
    expect(() => load({ own: '' }, (folder) => driver(folder, 0o4755))).toThrow(/Cannot trust .*run/);
  });
});

test.runIf(isRoot)(
  'each profile with `auto` has a number of its own, which stays its own over restarts (L21)',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
    folders.push(folder);
    chmodSync(folder, 0o755);
    const uids = (generation: Generation): Record<string, number> =>
      Object.fromEntries([...generation.drivers].map(([name, plan]) => [name, plan.sandbox.uid]));
    const first = uids(loadFrom(folder, { accounts: '', 'accounts-b': 'driver: accounts' }));
    expect(new Set(Object.values(first)).size).toBe(2);
    rmSync(join(folder, 'drivers.d/accounts.yaml'));
    const later = uids(
      loadFrom(folder, { 'accounts-b': 'driver: accounts', 'accounts-c': 'driver: accounts' }),
    );
    expect(later['accounts-b']).toBe(first['accounts-b']);
    expect(Object.values(first)).not.toContain(later['accounts-c']);
  },
);
