import { createHash, createHmac } from 'node:crypto';
import {
  chmodSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { loadParamsKey, PARAMS_KEY_FILE, paramsHash } from '../../../src/monitor/audit/params-hash.ts';
import { makeFolder, makeLog } from '../../shared/audit/made-log.ts';

const DIGEST = createHash('sha256').update('{"path":"/srv"}').digest();

function readKey(folder: string): { version: number; id: string; key: string } {
  return JSON.parse(readFileSync(join(folder, PARAMS_KEY_FILE), 'utf8')) as never;
}

describe('the params key', () => {
  test('is made once, for the daemon alone to read, and read from then on', () => {
    const folder = makeFolder();
    const key = loadParamsKey(folder);
    const file = readKey(folder);
    const secret = Buffer.from(file.key, 'hex');
    expect(secret).toHaveLength(32);
    expect(key.id).toBe(createHash('sha256').update(secret).digest('hex').slice(0, 16));
    expect(statSync(join(folder, PARAMS_KEY_FILE)).mode & 0o7777).toBe(0o600);
    expect(loadParamsKey(folder).secret.equals(key.secret)).toBe(true);
    expect(readdirSync(folder)).toEqual([PARAMS_KEY_FILE]);
  });

  test('is another one in every state folder, and is not shown where its object is printed', () => {
    const [one, other] = [makeFolder(), makeFolder()];
    const key = loadParamsKey(one);
    expect(loadParamsKey(other).id).not.toBe(key.id);
    expect(inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key)).not.toContain(
      readKey(one).key,
    );
  });

  const BAD: [string, (path: string, text: string) => void, string][] = [
    [
      'short',
      (path, text) => writeFileSync(path, text.replace(/[0-9a-f]{2}"\}/, '"}')),
      'not in the form of a key',
    ],
    ['empty', (path) => writeFileSync(path, ''), 'not in the form of a key'],
    ['cut', (path, text) => writeFileSync(path, text.slice(0, 40)), 'not in the form of a key'],
    [
      'swapped',
      (path, text) => writeFileSync(path, text.replace(/.{64}"\}/, `${'0'.repeat(64)}"}`)),
      'its id is not that of its key',
    ],
    ['world-readable', (path) => chmodSync(path, 0o644), 'has mode 0644, and may have 0600 at most'],
    ['readable for a group', (path) => chmodSync(path, 0o640), 'has mode 0640'],
    ['known by a second name', (path) => linkSync(path, `${path}.too`), 'has 2 hard links'],
    ['a symbolic link', (path) => moveAndLink(path), 'is a symbolic link'],
  ];

  test.each(BAD)('is refused where it is %s (A16)', (_title, change, why) => {
    const folder = makeFolder();
    loadParamsKey(folder);
    const path = join(folder, PARAMS_KEY_FILE);
    change(path, readFileSync(path, 'utf8'));
    expect(() => loadParamsKey(folder)).toThrow(/^Cannot load the params key: /);
    expect(() => loadParamsKey(folder)).toThrow(why);
  });

  test('is refused where it is missing while a log knows records, and made where none was written (A16)', async () => {
    const used = await makeLog(2);
    expect(() => loadParamsKey(used.folder)).toThrow('Cannot load the params key: it is missing');
    const fresh = await makeLog(0);
    expect(loadParamsKey(fresh.folder).id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('is made although an earlier start ended while making it', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, `${PARAMS_KEY_FILE}.new`), '{"version":1');
    expect(loadParamsKey(folder).id).toMatch(/^[0-9a-f]{16}$/);
    rmSync(join(folder, PARAMS_KEY_FILE));
  });
});

function moveAndLink(path: string): void {
  renameSync(path, `${path}.away`);
  symlinkSync(`${path}.away`, path);
}

describe('the params hash', () => {
  test('is HMAC-SHA-256 over method, NUL and digest (invariant 13)', () => {
    const folder = makeFolder();
    const key = loadParamsKey(folder);
    const secret = Buffer.from(readKey(folder).key, 'hex');
    const expected = createHmac('sha256', secret)
      .update(Buffer.concat([Buffer.from('disk.usage\0'), DIGEST]))
      .digest('hex');
    expect(paramsHash(key, 'disk.usage', DIGEST)).toBe(expected);
    expect(paramsHash(key, 'disk.usagf', DIGEST)).not.toBe(expected);
  });

  test('is refused for what would let two calls have one hash', () => {
    const key = loadParamsKey(makeFolder());
    expect(() => paramsHash(key, 'disk.usage', DIGEST.subarray(1))).toThrow(RangeError);
    expect(() => paramsHash(key, 'disk\0usage', DIGEST)).toThrow(RangeError);
  });
});
