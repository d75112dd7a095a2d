import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkSafePath, listSafeFolder, readSafeFile } from '../../src/shared/safe-file.ts';

const self = process.geteuid?.() ?? 0;
const trusted = { uids: new Set([0, self]), gids: new Set([0]) };
const LIMIT = 1_000;
let folder: string;
let file: string;
beforeEach(() => {
  process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driverd-safe-'));
  chmodSync(folder, 0o755);
  file = join(folder, 'file');
  writeFileSync(file, 'text');
});
afterEach(() => rmSync(folder, { recursive: true }));
const read = (path = file) => Buffer.from(readSafeFile(path, trusted, LIMIT)).toString();

test('a file that nobody else can write is read, below the sticky /tmp too', () => {
  expect(read()).toBe('text');
});

test.each<[string, () => void]>([
  ['that everybody can write', () => chmodSync(file, 0o646)],
  ['in a folder that everybody can write', () => chmodSync(folder, 0o757)],
  [
    'that is a symbolic link',
    () => {
      rmSync(file);
      symlinkSync('/etc/hostname', file);
    },
  ],
  ['with a second name', () => linkSync(file, join(folder, 'second'))],
  [
    'that is a folder',
    () => {
      rmSync(file);
      mkdirSync(file);
    },
  ],
  [
    'that is a FIFO without a writer, which does not hold us up',
    () => {
      rmSync(file);
      execFileSync('mkfifo', [file]);
    },
  ],
  ['that is over its size', () => truncateSync(file, LIMIT + 1)],
])('a file %s is refused (F1, F2, A10)', (_what, change) => {
  change();
  expect(() => read()).toThrow();
});

test('a group that may write is refused unless it is trusted (F1)', () => {
  chmodSync(file, 0o664);
  const gid = process.getegid?.() ?? 0;
  expect(() => readSafeFile(file, { uids: trusted.uids, gids: new Set() }, LIMIT)).toThrow(
    `group ${gid} can write it`,
  );
  expect(readSafeFile(file, { uids: trusted.uids, gids: new Set([gid]) }, LIMIT).length).toBe(4);
});

test('a link on the way is followed only through folders that are trusted themselves (L10)', () => {
  const real = join(folder, 'real');
  mkdirSync(real);
  writeFileSync(join(real, 'x'), 'behind a link');
  symlinkSync(real, join(folder, 'link'));
  expect(read(join(folder, 'link/x'))).toBe('behind a link');
  chmodSync(real, 0o777);
  expect(() => read(join(folder, 'link/x'))).toThrow(/everybody can write/);
});

test('a program that others can write, or that is set-uid, is refused (L10, L11)', () => {
  checkSafePath(file, trusted);
  chmodSync(file, 0o757);
  expect(() => checkSafePath(file, trusted)).toThrow(/everybody can write/);
  chmodSync(file, 0o4755);
  expect(() => checkSafePath(file, trusted)).toThrow(/set-uid/);
});

test('of a drop-in folder only files with the very suffix count; what editors leave behind does not (F7)', () => {
  const names = [
    'b.yaml',
    'a.yaml',
    '.a.yaml.swp',
    'a.yaml~',
    'a.yaml.rpmsave',
    '.hidden.yaml',
    '.yaml',
    '#a.yaml#',
    'a.yml',
  ];
  const drop = join(folder, 'drop');
  mkdirSync(drop);
  for (const name of names) writeFileSync(join(drop, name), '');
  expect(listSafeFolder(drop, trusted, '.yaml')).toEqual(['a.yaml', 'b.yaml']);
  expect(listSafeFolder(join(folder, 'nothing'), trusted, '.yaml')).toEqual([]);
});
