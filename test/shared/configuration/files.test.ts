import { expect, test } from 'vitest';
import { parseManifest, parseProgram } from '../../../src/shared/configuration/manifest.ts';
import { parseProfile } from '../../../src/shared/configuration/profile.ts';
import { parseSettings } from '../../../src/shared/configuration/settings.ts';

const settings = (text: string) => parseSettings('/c/driverd.yaml', Buffer.from(text));
const profile = (text: string, name = 'disk') =>
  parseProfile(`/c/drivers.d/${name}.yaml`, Buffer.from(text)).value;

test('defaults stand in the schema and are filled in', () => {
  const read = settings('version: 1\n');
  expect(read.limits.message_bytes).toBe(1_048_576);
  expect(read.audit).toEqual({
    ...{ path: '/var/log/driverd/audit.jsonl', durability: 'outcome' },
    ...{ rotate_bytes: 67_108_864, rotate_hours: 24, compress: true },
    retention: { max_bytes: 2_147_483_648, max_days: null, min_days: 7 },
    ...{ low_water_bytes: 268_435_456, reserve_bytes: 1_048_576 },
    seal: { records: 10_000, seconds: 600 },
    ...{ params_key_days: 90, watch_ms: 60_000, repeated_denials: 20, repeated_denials_ms: 60_000 },
  });
  expect(read.development).toBe(false);
  expect(profile('version: 1\n').limits.wall_ms).toBe(600_000);
});

test.each<[string, string, RegExp]>([
  [
    'an unknown key (F3)',
    'version: 1\n\nlimits:\n  messages_bytes: 3\n',
    /^Cannot load \/c\/driverd\.yaml:4: limits\.messages_bytes: unknown key; did you mean message_bytes\?$/,
  ],
  ['a negative limit (F3)', 'version: 1\nlimits: { launches: -1 }\n', /:2: limits\.launches/],
  ['text for a number (F3)', 'version: 1\ndrain_ms: soon\n', /:2: drain_ms/],
  ['a number without bounds (F3)', 'version: 1\ndrain_ms: 1e99\n', /:2: drain_ms/],
  ['another version', 'version: 2\n', /:1: version/],
  ['no version', 'development: true\n', /version/],
  ['a key twice (F6)', 'version: 1\nversion: 1\n', /:2/],
  ['a reserved key', 'version: 1\n__proto__: { a: 1 }\n', /__proto__|unknown key/],
  ['what is no YAML', 'version: [1\n', /Cannot load/],
  ['two documents', 'version: 1\n---\nversion: 1\n', /Cannot load/],
  ['an empty file', '', /Cannot load/],
  [
    'a billion laughs',
    `version: 1\na: &a [x,x]\n${Array.from({ length: 20 }, (_, at) => `b${at}: [*a,*a]`).join('\n')}\n`,
    /Cannot load/,
  ],
  [
    'a retention that asks for what it forbids',
    'version: 1\naudit:\n  retention: { max_days: 3 }\n',
    /:3: audit\.retention\.max_days: must not be below min_days$/,
  ],
  [
    'a relative path of a value to be scrubbed (F9)',
    'version: 1\nscrub:\n  values: [{ name: a, file: /a/../b }]\n',
    /:3: scrub\.values\.0\.file/,
  ],
  ['a relative path (F9)', 'version: 1\nsocket: { path: run/x.sock }\n', /:2: socket\.path/],
])('settings with %s are refused with file, line and reason', (_what, text, expected) => {
  expect(() => settings(text)).toThrow(expected);
});

test('bytes that are not UTF-8 are refused', () => {
  expect(() => parseSettings('/c/driverd.yaml', Buffer.from([0x76, 0xff]))).toThrow('it is not UTF-8');
});

test.each(['rpc', 'list', 'Disk', 'dіsk', 'a_b', '-x', 'x'.repeat(33)])(
  '%s cannot be a profile’s name (F6)',
  (name) => {
    expect(() => profile('version: 1\n', name)).toThrow(/cannot be a profile's name/);
  },
);

test.each(['relative', '/a/../b', '/a//b', '/a/', '/a ', '/a/./b'])(
  'a read path %j is refused (F9)',
  (path) => {
    expect(() => profile(`version: 1\nfilesystem: { read: [${JSON.stringify(path)}] }\n`)).toThrow(
      /filesystem\.read/,
    );
  },
);

test.each(['LD_LIBRARY_PATH', 'NODE_OPTIONS', 'PATH', 'BASH_ENV', 'A B'])(
  'a profile cannot set %s (L6)',
  (name) => {
    expect(() => profile(`version: 1\nenvironment: { ${JSON.stringify(name)}: x }\n`)).toThrow(/environment/);
  },
);

test('a driver’s user cannot be asked to be root, by number or by name, in a profile’s words (F8)', () => {
  for (const user of ['0', '1000', '#0', 'root:root']) {
    expect(() => profile(`version: 1\nuser: ${JSON.stringify(user)}\n`)).toThrow(/user/);
  }
});

test('a manifest has the name of its folder, and its program is in that folder or absolute (L12)', () => {
  const program = (text: string) =>
    parseProgram('/d/disk/driver.yaml', Buffer.from(`version: 1\nname: disk\nkind: jsonrpc\n${text}`));
  expect(program('program: { node: disk.ts }\n').program.node).toBe('disk.ts');
  for (const bad of [
    '{ executable: ../x }',
    '{ executable: bin/x }',
    '{ executable: /a/../b }',
    '{ node: /x.ts }',
    '{ node: a.ts, executable: /x }',
    '{}',
  ]) {
    expect(() => program(`program: ${bad}\n`)).toThrow(/Cannot load/);
  }
  expect(() =>
    parseManifest(
      '/d/other/driver.yaml',
      Buffer.from('version: 1\nname: disk\nkind: command\nprogram: { executable: /x }\nmethods: {}\n'),
    ),
  ).toThrow(/name of its folder/);
});
