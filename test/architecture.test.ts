import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  closureOf,
  importsByComputedName,
  importsOf,
  packageOf,
  read,
  resolveImport,
  sourceFiles,
} from './architecture/imports.ts';

const MAX_LINES = 300;

/** The folders of src: what each may name of the others, its own included. */
const folders: readonly { readonly folder: string; readonly mayImport: readonly string[] }[] = [
  { folder: 'monitor', mayImport: ['monitor', 'boundary', 'posix', 'shared'] },
  { folder: 'broker', mayImport: ['broker', 'boundary', 'posix', 'shared'] },
  // `driverctl scrub` runs the scrubber that the broker runs.
  { folder: 'driverctl', mayImport: ['driverctl', 'posix', 'shared', 'broker/scrub'] },
  { folder: 'broker/scrub', mayImport: ['broker/scrub', 'shared'] },
  { folder: 'boundary', mayImport: ['boundary', 'posix', 'shared'] },
  { folder: 'shared', mayImport: ['shared', 'posix'] },
  { folder: 'posix', mayImport: ['posix', 'shared'] },
  { folder: 'sdk', mayImport: ['sdk'] },
];

const NETWORK_AND_EVALUATION = [
  ...['node:http', 'node:https', 'node:http2', 'node:tls', 'node:dgram'],
  ...['node:vm', 'node:inspector'],
];

/** The programs: the npm packages and the modules of Node's own that may or must not come in with each. */
const programs: readonly {
  readonly main: string;
  readonly mayUse: readonly string[];
  readonly neverUses: readonly string[];
  readonly why: string;
}[] = [
  {
    main: 'src/monitor/main.ts',
    mayUse: ['koffi', 'pino', 'yaml'],
    neverUses: NETWORK_AND_EVALUATION,
    why: 'the privileged process holds no schema compiler, no policy engine, no parser of calls and no network (invariant 5)',
  },
  {
    main: 'src/monitor/audit/appending-thread.ts',
    mayUse: [],
    neverUses: ['node:child_process', 'node:net', ...NETWORK_AND_EVALUATION],
    why: 'the thread that appends to the audit log appends, and does nothing else',
  },
  {
    main: 'src/monitor/audit/compressing-thread.ts',
    mayUse: [],
    neverUses: ['node:child_process', 'node:net', ...NETWORK_AND_EVALUATION],
    why: 'the thread that compresses the audit log compresses, and does nothing else',
  },
  {
    main: 'src/broker/main.ts',
    mayUse: ['@cedar-policy/cedar-wasm', 'ajv', 'json-rpc-2.0', 'koffi', 'pino', 're2js', 'yaml'],
    neverUses: ['node:child_process', 'node:cluster', 'node:dgram', 'node:vm', 'node:inspector'],
    why: 'the process that reads hostile bytes starts nothing (invariant 5)',
  },
  {
    main: 'src/driverctl/main.ts',
    mayUse: ['json-rpc-2.0', 'koffi', 're2js', 'yaml'],
    neverUses: ['node:http', 'node:vm', 'node:inspector'],
    why: 'the command line holds no policy, no schema compiler and no authority',
  },
  {
    main: 'src/sdk/index.ts',
    mayUse: [],
    neverUses: ['node:child_process', 'node:net'],
    why: 'a driver that uses it brings nothing else into its sandbox',
  },
];

const sources = sourceFiles('src');
const written = sources.filter((path) => !path.includes('.generated.'));

describe('the folders of src', () => {
  test('are the ones that this test knows', () => {
    const found = new Set(sources.map((path) => path.split('/')[1]));
    const known = new Set(folders.map(({ folder }) => folder.split('/')[0]));
    expect([...found].sort()).toEqual([...known].sort());
  });

  test.each(folders)('$folder imports only from $mayImport, types included', ({ folder, mayImport }) => {
    const strays = sourceFiles(`src/${folder}`).flatMap((path) =>
      importsOf(read(path))
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => resolveImport(path, specifier))
        .filter((target) => !mayImport.some((name) => target.startsWith(`src/${name}/`)))
        .map((target) => `${path} imports ${target}`),
    );
    expect(strays).toEqual([]);
  });

  test('sdk names no npm package', () => {
    const strays = sourceFiles('src/sdk').flatMap((path) =>
      importsOf(read(path))
        .map(({ specifier }) => packageOf(specifier))
        .filter((name) => name !== null)
        .map((name) => `${path} imports ${name}`),
    );
    expect(strays).toEqual([]);
  });

  test('only posix calls native code', () => {
    const strays = sources.filter(
      (path) =>
        !path.startsWith('src/posix/') &&
        importsOf(read(path)).some(({ specifier }) => packageOf(specifier) === 'koffi'),
    );
    expect(strays).toEqual([]);
  });

  test('name every module that they import in the text', () => {
    expect(sources.filter((path) => importsByComputedName(read(path)))).toEqual([]);
  });
});

describe.each(programs)('$main', ({ main, mayUse, neverUses, why }) => {
  test(`brings in only what it may: ${why}`, () => {
    const strays = [...closureOf(main).modules]
      .filter(([name]) => (packageOf(name) === null ? neverUses.includes(name) : !mayUse.includes(name)))
      .map(([name, path]) => `${path} imports ${name}`);
    expect(strays).toEqual([]);
  });
});

test('of driverctl only the doctor starts programs, and only ones that it names itself', () => {
  const starters = sources.filter(
    (path) =>
      path.startsWith('src/driverctl/') &&
      importsOf(read(path)).some(({ specifier }) => specifier === 'node:child_process'),
  );
  expect(starters).toEqual(['src/driverctl/doctor/host.ts']);
});

describe('the first import of a process that starts others or reads hostile bytes', () => {
  test.each([['src/monitor/main.ts'], ['src/broker/main.ts']])(
    '%s marks inherited descriptors close-on-exec before anything else runs (L4)',
    (main) => {
      expect(importsOf(read(main))[0]).toEqual({ specifier: '../posix/close-inherited.ts', erased: false });
    },
  );
});

describe('the files of src', () => {
  test(`have at most ${MAX_LINES} lines`, () => {
    const long = written
      .map((path) => ({ path, lines: read(path).trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES);
    expect(long).toEqual([]);
  });

  test('are named after the one thing they are about', () => {
    const vague = /^(?:utils?|utilities|helpers?|misc|common|lib)\./;
    expect(written.filter((path) => vague.test(basename(path)))).toEqual([]);
  });

  test('leave nothing to be done later', () => {
    expect(written.filter((path) => /\b(?:TODO|FIXME|XXX)\b/.test(read(path)))).toEqual([]);
  });
});

describe('the packages this project depends on', () => {
  const manifest = JSON.parse(read('package.json'));
  const kinds = ['dependencies', 'devDependencies', 'optionalDependencies'];
  const named: readonly (readonly [string, string])[] = kinds.flatMap((kind) =>
    Object.entries(manifest[kind]),
  );

  test('are pinned to one version each', () => {
    expect(named.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  test('bring the same Node 24 for each processor', () => {
    const versions = named.filter(([name]) => name.startsWith('node-linux-')).map(([, version]) => version);
    expect(new Set(versions).size).toBe(1);
    expect(versions[0]).toMatch(/^24\./);
    expect(process.versions.node).toBe(versions[0]);
  });

  test('do not hold posix-getpwnam, a name that nobody has registered yet', () => {
    expect(named.map(([name]) => name)).not.toContain('posix-getpwnam');
    expect(read('package-lock.json')).not.toContain('posix-getpwnam');
  });

  test('are locked by their digests, and none runs a script when it is installed (F12)', () => {
    const locked: Record<string, { integrity?: string }> = JSON.parse(read('package-lock.json')).packages;
    const loose = Object.entries(locked).filter(
      ([path, { integrity }]) => path !== '' && integrity === undefined,
    );
    expect(loose).toEqual([]);
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });

  test('are all used', () => {
    const used = new Set(
      sources.flatMap((path) => importsOf(read(path)).map(({ specifier }) => packageOf(specifier))),
    );
    expect(Object.keys(manifest.dependencies).filter((name) => !used.has(name))).toEqual([]);
  });
});
