import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { paramsType } from '../../src/broker/authorise/params-type.ts';
import { loadPolicy } from '../../src/broker/authorise/policy.ts';
import { parseProfile } from '../../src/shared/configuration/profile.ts';
import { type Folder, GROUP, makeFolder, USER } from './enable/folder.ts';

const WIDE = `asks:
  groups: [adm]
  filesystem: { read: [/srv, { path: /, at: /host }], write: [/var/x], scratch: [/work] }
  network: host
  capabilities: [CAP_NET_RAW]
  devices: [/dev/kvm]
  syscalls: { filter: strict, allow: [ptrace], sockets: [netlink] }
  limits: { wall_ms: 1000, processes: 128, data_bytes: null }
  secrets: [{ name: token, as: environment, variable: TOKEN }]
`;
let folder: Folder;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => rmSync(folder.path, { recursive: true, force: true }));

const profileOf = (name: string) =>
  parseProfile(`/c/${name}.yaml`, Buffer.from(folder.read(`drivers.d/${name}.yaml`))).value;
const json = async (...words: string[]) => JSON.parse((await folder.ctl([...words, '--json'])).stdout);
const FOREIGN = 'it was not made by driverctl, or was changed since';

describe('enable', () => {
  test('writes a profile under a line that holds its digest, readable by all whatever the umask', async () => {
    const umask = process.umask(0o077);
    const { status } = await folder.ctl(['enable', 'disk']);
    process.umask(umask);
    expect(status).toBe(0);
    const path = join(folder.path, 'drivers.d/disk.yaml');
    expect(statSync(path).mode & 0o777).toBe(0o644);
    const [, digest, rest = ''] =
      /^# driverctl: sha256 ([0-9a-f]{64})\n([\s\S]*)$/.exec(readFileSync(path, 'utf8')) ?? [];
    expect(digest).toBe(createHash('sha256').update(rest).digest('hex'));
    expect(profileOf('disk').filesystem.read).toEqual([{ path: '/', at: '/host' }]);
    expect(readdirSync(join(folder.path, 'drivers.d'))).toEqual(['disk.yaml']);
    expect(readdirSync(join(folder.path, 'policy.d'))).toEqual(['driverd.cedar']);
  });

  test('grants read paths, narrower limits and the strict filter; names every wider ask and grants none', async () => {
    folder.driver('wide', WIDE);
    const { asks } = await json('enable', 'wide');
    const state = (wanted: string) =>
      asks.flatMap((ask: { word: string; state: string }) => (ask.state === wanted ? [ask.word] : []));
    expect(state('granted')).toEqual(['read:/srv', 'read:/=/host', 'limit:wall_ms=1000', 'filter:strict']);
    expect(state('not granted')).toEqual([
      ...['write:/var/x', 'scratch:/work', 'network:host', 'group:adm', 'capability:CAP_NET_RAW'],
      ...['device:/dev/kvm', 'syscall:ptrace', 'socket:netlink', 'secret:token'],
      ...['limit:processes=128', 'limit:data_bytes=none'],
    ]);
    expect(profileOf('wide')).toMatchObject({
      groups: [],
      filesystem: { read: ['/srv', { path: '/', at: '/host' }], write: [], scratch: [] },
      network: 'none',
      capabilities: [],
      devices: [],
      syscalls: { filter: 'strict', allow: [], sockets: [] },
      limits: { wall_ms: 1000, processes: 64, data_bytes: 1_073_741_824 },
      secrets: [],
    });
  });

  test('grants each wider ask that is repeated, a secret from the file that is named', async () => {
    folder.driver('wide', WIDE);
    const words = (await json('enable', 'wide')).asks.flatMap((ask: { grant?: string }) => ask.grant ?? []);
    const given = words.map((word: string) => word.replace('/path/to/file', '/etc/to=ken'));
    const { asks } = await json('enable', 'wide', ...given.flatMap((word: string) => ['--grant', word]));
    expect(asks.filter((ask: { state: string }) => ask.state !== 'granted')).toEqual([]);
    expect(profileOf('wide')).toMatchObject({
      groups: ['adm'],
      filesystem: { write: ['/var/x'], scratch: ['/work'] },
      network: 'host',
      capabilities: ['CAP_NET_RAW'],
      devices: ['/dev/kvm'],
      syscalls: { filter: 'strict', allow: ['ptrace'], sockets: ['netlink'] },
      limits: { processes: 128, data_bytes: null },
      secrets: [{ name: 'token', file: '/etc/to=ken', as: 'environment', variable: 'TOKEN' }],
    });
  });

  test('lets a driver run as root where the word and the reason are both given, and warns (invariant 7)', async () => {
    folder.driver('mighty', 'asks: { user: root, capabilities: [CAP_SYS_RAWIO] }\n');
    expect((await json('enable', 'mighty')).asks).toContainEqual({
      ...{ word: 'user:root', state: 'not granted', grant: 'user:root' },
    });
    expect(profileOf('mighty').user).toBe('auto');
    const why = ['--accept-root', 'reads SMART data of the disks'];
    const halves = [
      [['--grant', 'user:root'], 'Cannot grant user:root: it needs --accept-root'],
      [why, 'Cannot accept root: nothing grants it'],
    ] as const;
    for (const [words, message] of halves) {
      const { status, stderr } = await folder.ctl(['enable', 'mighty', ...words]);
      expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    }
    const short = ['--grant', 'user:root', '--accept-root', 'because'];
    expect((await folder.ctl(['enable', 'mighty', ...short])).stderr).toContain('accept_root');
    expect(profileOf('mighty').user).toBe('auto');

    const { risks } = await json('enable', 'mighty', '--grant', 'user:root', ...why);
    expect(risks[0]).toMatch(/^It runs as root: /);
    expect(profileOf('mighty')).toMatchObject({
      ...{ user: 'root', accept_root: 'reads SMART data of the disks', capabilities: [] },
    });
  });

  test('says in a sentence what a granted capability makes of the sandbox', async () => {
    folder.driver(
      'mighty',
      'asks: { network: host, capabilities: [CAP_SYS_RAWIO, CAP_NET_RAW, CAP_WAKE_ALARM] }\n',
    );
    const words = [
      'network:host',
      'capability:CAP_SYS_RAWIO',
      'capability:CAP_NET_RAW',
      'capability:CAP_WAKE_ALARM',
    ];
    const grants = words.flatMap((word) => ['--grant', word]);
    expect((await json('enable', 'mighty', ...grants)).risks).toEqual([
      'CAP_SYS_RAWIO reaches hardware and memory through granted devices.',
      'CAP_NET_RAW reads what comes to the host by the network and forges what leaves it.',
    ]);
    expect((await json('enable', 'mighty', '--grant', 'capability:CAP_NET_RAW')).risks).toEqual([]);
  });

  test('refuses a grant that nothing asks for, with the nearest word, and writes nothing', async () => {
    folder.driver('wide', WIDE);
    const cases = [
      ['network:hots', 'the driver does not ask for it; did you mean network:host?'],
      ['write:/var', 'the driver does not ask for it; did you mean write:/var/x?'],
      ['secret:token', 'it needs the file that holds it: secret:token=/path/to/file'],
      ['write:/var/x\n', 'the driver does not ask for it; did you mean write:/var/x?'],
    ];
    for (const [word = '', why] of cases) {
      const { status, stderr } = await folder.ctl(['enable', 'wide', '--grant', word]);
      const shown = word.replace('\n', '\\n');
      expect({ status, stderr }).toEqual({ status: 2, stderr: `driverctl: Cannot grant ${shown}: ${why}\n` });
    }
    const far = await folder.ctl(['enable', 'disk', '--grant', 'network:host']);
    expect(far.stderr).toContain('it asks for nothing that needs a grant');
    const two = ['--grant', 'secret:token=/a', '--grant', 'secret:token=/b'];
    expect((await folder.ctl(['enable', 'wide', ...two])).stderr).toContain('another file already');
    expect(readdirSync(join(folder.path, 'drivers.d'))).toEqual([]);
  });

  test('writes what a manifest’s strings hold as data: no line of a path becomes a grant', async () => {
    const path = '/srv/x: y # [z]\u0085network: host\u2028"\'';
    folder.driver('odd', `asks: { filesystem: { read: [${JSON.stringify(path)}] } }\n`);
    expect((await folder.ctl(['enable', 'odd'])).status).toBe(0);
    expect(profileOf('odd')).toMatchObject({ filesystem: { read: [path] }, network: 'none' });
  });

  test('refuses what the daemon would refuse, before it writes', async () => {
    folder.driver('root', 'asks: { filesystem: { read: [/] } }\n');
    const { status, stderr } = await folder.ctl(['enable', 'root']);
    expect(status).toBe(10);
    expect(stderr).toMatch(/^driverctl: Cannot make the profile .*root\.yaml: .*cannot be put at \//);
    expect(readdirSync(join(folder.path, 'drivers.d'))).toEqual([]);
  });

  test('says changed, then unchanged, and changed again where the words differ', async () => {
    folder.driver('wide', WIDE);
    const states = async (...words: string[]) =>
      (await json('enable', 'wide', ...words)).files.map(({ state }: { state: string }) => state);
    expect(await states('--allow', `group:${GROUP}`)).toEqual(['changed', 'changed']);
    const { ino } = statSync(join(folder.path, 'drivers.d/wide.yaml'));
    expect(await states('--allow', `group:${GROUP}`)).toEqual(['unchanged', 'unchanged']);
    expect(statSync(join(folder.path, 'drivers.d/wide.yaml')).ino).toBe(ino);
    expect(await states('--allow', 'uid:7', '--grant', 'network:host')).toEqual(['changed', 'changed']);
    // Without --allow the policy stays, and is named.
    expect(await states('--grant', 'network:host')).toEqual(['unchanged', 'unchanged']);
  });

  test('prints lines for eyes on a terminal', async () => {
    folder.driver('wide', 'asks: { network: host, filesystem: { read: [/srv] } }\n');
    const { stdout } = await folder.ctl(['enable', 'wide', '--as', 'other'], { terminal: true });
    expect(stdout.split('\n')).toEqual([
      'wide asks for:',
      '  read:/srv     granted',
      '  network:host  not granted (--grant network:host)',
      `changed  ${folder.path}/drivers.d/other.yaml`,
      'No daemon runs: it counts from the next start.',
      '',
    ]);
    expect(profileOf('other').driver).toBe('wide');
  });

  test('takes no name that is none, is a command’s, or would leave the folder', async () => {
    const cases = [
      [['enable'], 'Cannot enable: the driver is missing'],
      [['disable'], 'Cannot disable: the profile is missing'],
      [['enable', '../disk'], 'Cannot enable: "../disk" cannot be a driver\'s name'],
      [['enable', 'disk', '--as', '../x'], 'Cannot enable disk: "../x" cannot be a profile\'s name'],
      [['enable', 'disk', '--as', 'x\n'], 'Cannot enable disk: "x\\n" cannot be a profile\'s name'],
      [['enable', 'disk', '--as', 'list'], "Cannot enable disk: list, a word of driverd's own, cannot be"],
      [['disable', '../x'], 'Cannot disable: "../x" cannot be a profile\'s name'],
    ] as const;
    for (const [words, message] of cases) {
      const { status, stderr } = await folder.ctl(words);
      expect([status, stderr]).toEqual([2, expect.stringContaining(`driverctl: ${message}`)]);
    }
    const missing = await folder.ctl(['enable', 'nosuch']);
    expect([missing.status, missing.stderr]).toEqual([
      10,
      expect.stringContaining('there is no such driver'),
    ]);
  });

  test('does not put another driver under the name that some may already call', async () => {
    await folder.ctl(['enable', 'disk', '--as', 'one', '--allow', 'uid:7']);
    const { status, stderr } = await folder.ctl(['enable', 'host', '--as', 'one']);
    expect(status).toBe(10);
    expect(stderr).toContain('it enables disk; `driverctl disable one` first');
  });
});

describe('--allow', () => {
  const METHODS = `methods:
  look: { params: {}, result: {} }
  wipe: { params: {}, result: {}, destructive: true }
`;

  test('makes a policy that the broker reads as it is meant: those named and nobody else, nothing destructive', async () => {
    folder.driver('tool', METHODS);
    const allowed = [`group:${GROUP}`, `user:${USER}`, 'uid:7', 'gid:8', 'unit:a\\x2db@c.service'];
    const { uncovered } = await json('enable', 'tool', ...allowed.flatMap((word) => ['--allow', word]));
    const text = folder.read('policy.d/tool.cedar');
    expect(text.split('\n').slice(2)).toEqual([
      `permit(principal in Group::"${GROUP}", action in Action::"tool", resource);`,
      `permit(principal in User::"${USER}", action in Action::"tool", resource);`,
      'permit(principal == Uid::"7", action in Action::"tool", resource);',
      'permit(principal in Gid::"8", action in Action::"tool", resource);',
      'permit(principal in Unit::"a\\\\x2db@c.service", action in Action::"tool", resource);',
      '',
    ]);
    const method = {
      ...{ driver: 'tool', idempotent: false, tags: [], capabilities: [] },
      params: paramsType({}),
    };
    const load = (more: string) =>
      loadPolicy(
        [{ file: 'tool.cedar', text: text + more }],
        [
          { ...method, name: 'tool.look', destructive: false },
          { ...method, name: 'tool.wipe', destructive: true },
        ],
        { users: new Map([[USER, 0]]), groups: new Map([[GROUP, 1]]) },
        { roles: new Map(), unitsProvable: true },
      );
    const nobody = {
      ...{ uid: 9, gid: 9, groups: [], pid: 1, unit: null },
      ...{ pidProven: true, container: null, loginUid: null, loginSession: null },
    };
    const callers = [
      { ...nobody, groups: [1] },
      { ...nobody, uid: 0 },
      { ...nobody, uid: 7 },
      { ...nobody, gid: 8 },
      { ...nobody, unit: { manager: 'system', name: 'a\\x2db@c.service' } },
    ] as const;
    const policy = load('');
    for (const caller of callers) {
      expect(policy.callable(caller, 'tool.look')).toBe(true);
      expect(policy.callable(caller, 'tool.wipe')).toBe(false);
    }
    expect(policy.callable(nobody, 'tool.look')).toBe(false);
    // What it says about the destructive one is what covers it.
    expect(uncovered.map(({ method }: { method: string }) => method)).toEqual(['tool.wipe']);
    const covered = load(uncovered[0].permits.join('\n'));
    for (const caller of callers) expect(covered.callable(caller, 'tool.wipe')).toBe(true);
    expect(covered.callable(nobody, 'tool.wipe')).toBe(false);
  });

  test('says on a terminal which methods are destructive and what would permit them', async () => {
    folder.driver('tool', METHODS);
    const { stdout } = await folder.ctl(['enable', 'tool', '--allow', 'uid:7'], { terminal: true });
    expect(stdout).toContain('tool.wipe is destructive and not covered by --allow.');
    expect(stdout).toContain('  permit(principal == Uid::"7", action == Action::"tool.wipe", resource);\n');
  });

  test('refuses every word that is no checked name, and writes nothing', async () => {
    const words = [
      ...['group:', 'ops', ':ops', 'Group:ops', 'constructor:x', 'group:no-such-group', 'user:no-such-user'],
      ...['group:a"b', 'group:daemon\n', 'group:daemon"; permit(principal, action, resource); //'],
      ...['user:ro\tot', 'user:root\0', 'uid:-1', 'uid:01', 'uid:4294967295', 'uid:1e3', 'gid:1 ', 'uid:'],
      ...[
        'unit:x',
        'unit:.service',
        'unit:a/b.service',
        'unit:a"b.service',
        'unit:a.service\n',
        'unit:ä.service',
      ],
    ];
    for (const word of words) {
      const { status, stderr } = await folder.ctl(['enable', 'disk', '--allow', 'uid:7', '--allow', word]);
      expect([word, status, stderr.split('\n').length]).toEqual([word, 2, 2]);
      expect(stderr).toMatch(/^driverctl: Cannot allow /);
    }
    expect(readdirSync(join(folder.path, 'drivers.d'))).toEqual([]);
    expect(readdirSync(join(folder.path, 'policy.d'))).toEqual(['driverd.cedar']);
  });

  test('is refused for a driver without methods, which no policy can name', async () => {
    folder.driver('empty', 'methods: {}\n');
    const { status, stderr } = await folder.ctl(['enable', 'empty', '--allow', 'uid:7']);
    expect([status, stderr]).toEqual([2, 'driverctl: Cannot allow anybody: empty has no methods\n']);
  });
});

describe('files that are not as driverctl made them', () => {
  const enable = ['enable', 'disk', '--allow', 'uid:7'];
  const PROFILE = 'drivers.d/disk.yaml';
  const POLICY = 'policy.d/disk.cedar';

  test.each([PROFILE, POLICY])(
    '%s made by hand is kept by enable and disable, and so is the other',
    async (file) => {
      const path = join(folder.path, file);
      writeFileSync(path, 'by hand\n', { mode: 0o644 });
      for (const [words, verb] of [
        [enable, 'write'],
        [['disable', 'disk'], 'remove'],
      ] as const) {
        const { status, stdout, stderr } = await folder.ctl(words);
        expect({ status, stdout }).toEqual({ status: 10, stdout: '' });
        expect(stderr).toBe(`driverctl: Cannot ${verb} ${path}: ${FOREIGN}\n`);
      }
      expect(readFileSync(path, 'utf8')).toBe('by hand\n');
      expect(existsSync(join(folder.path, file === PROFILE ? POLICY : PROFILE))).toBe(false);
    },
  );

  test.each([PROFILE, POLICY])('%s changed by one byte since is kept, and so is the other', async (file) => {
    await folder.ctl(enable);
    const path = join(folder.path, file);
    const other = file === PROFILE ? POLICY : PROFILE;
    const before = folder.read(other);
    writeFileSync(path, `${readFileSync(path, 'utf8')}\n`);
    const changed = readFileSync(path, 'utf8');
    expect((await folder.ctl(['enable', 'disk', '--allow', 'uid:8'])).stderr).toContain(FOREIGN);
    expect((await folder.ctl(['disable', 'disk'])).stderr).toContain(FOREIGN);
    expect(folder.read(file)).toBe(changed);
    expect(folder.read(other)).toBe(before);
  });

  test.each([PROFILE, POLICY])('a link in the place of %s is neither followed nor replaced', async (file) => {
    // The control: the same content is taken where it is a file of its own.
    await folder.ctl(enable);
    expect((await folder.ctl(enable)).status).toBe(0);
    const path = join(folder.path, file);
    const target = join(folder.path, 'target');
    writeFileSync(target, readFileSync(path));
    const before = readFileSync(target, 'utf8');
    for (const to of [target, join(folder.path, 'nowhere')]) {
      rmSync(path);
      symlinkSync(to, path);
      expect((await folder.ctl(['enable', 'disk', '--allow', 'uid:8'])).stderr).toContain(FOREIGN);
      expect((await folder.ctl(['disable', 'disk'])).stderr).toContain(FOREIGN);
      expect(lstatSync(path).isSymbolicLink()).toBe(true);
    }
    expect(readFileSync(target, 'utf8')).toBe(before);
    expect(existsSync(join(folder.path, 'nowhere'))).toBe(false);
  });

  test('a folder in the place of a file, and a folder that everybody may write, are refused', async () => {
    mkdirSync(join(folder.path, PROFILE));
    expect((await folder.ctl(enable)).stderr).toContain(FOREIGN);
    rmSync(join(folder.path, PROFILE), { recursive: true });
    chmodSync(join(folder.path, 'drivers.d'), 0o777);
    const { status, stderr } = await folder.ctl(enable);
    expect(status).toBe(10);
    expect(stderr).toMatch(/^driverctl: Cannot write .*disk\.yaml: everybody can write .*drivers\.d\n$/);
  });

  test('settings that others can write, or that are not there, are refused', async () => {
    const settings = join(folder.path, 'driverd.yaml');
    chmodSync(settings, 0o666);
    expect((await folder.ctl(enable)).stderr).toContain('everybody can write it');
    rmSync(settings);
    const { status, stderr } = await folder.ctl(enable);
    expect([status, stderr]).toEqual([10, `driverctl: Cannot read ${settings}: it does not exist\n`]);
  });
});

describe('disable', () => {
  test('removes both files, and says unchanged where there are none', async () => {
    await folder.ctl(['enable', 'disk', '--as', 'other', '--allow', 'uid:7']);
    const states = async () => (await json('disable', 'other')).files;
    const of = (state: string) => [
      { path: join(folder.path, 'policy.d/other.cedar'), state },
      { path: join(folder.path, 'drivers.d/other.yaml'), state },
    ];
    expect(await states()).toEqual(of('removed'));
    expect(readdirSync(join(folder.path, 'drivers.d'))).toEqual([]);
    expect(await states()).toEqual(of('unchanged'));
  });
});
