import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeWholeFile } from '../../src/shared/whole-file.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-whole-'));
  path = join(folder, 'file');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file that is written whole', () => {
  test('has its text and its mode whatever the umask is, and nothing is left beside it', () => {
    const before = process.umask(0o777);
    try {
      writeWholeFile(path, 'old\n', 0o600);
      writeWholeFile(path, 'new\n', 0o640);
    } finally {
      process.umask(before);
    }
    expect(readFileSync(path, 'utf8')).toBe('new\n');
    expect(lstatSync(path).mode & 0o7777).toBe(0o640);
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('takes the place of a link, and what the link led to is untouched', () => {
    const other = join(folder, 'other');
    writeFileSync(other, 'untouched');
    symlinkSync(other, path);
    symlinkSync(other, `${path}.new`);
    writeWholeFile(path, 'own', 0o600);
    expect(lstatSync(path).isFile()).toBe(true);
    expect(readFileSync(other, 'utf8')).toBe('untouched');
  });

  test('that cannot be put in its place leaves what was there, and no other file', () => {
    mkdirSync(path);
    expect(() => writeWholeFile(path, 'own', 0o600)).toThrow(/EISDIR|EEXIST|ENOTEMPTY/);
    expect(readdirSync(folder)).toEqual(['file']);
  });
});
