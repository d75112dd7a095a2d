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
import { openParamsKeys } from '../../../src/monitor/audit/params-keys.ts';
import { PARAMS_KEYS_FILE, PARAMS_KEYS_MAXIMUM, paramsHash } from '../../../src/shared/audit/params-hash.ts';
import { makeFolder, makeLog } from '../../shared/audit/made-log.ts';

const DIGEST = createHash('sha256').update('{"path":"/srv"}').digest();

interface WrittenKey {
  readonly id: string;
  readonly created: string;
  readonly key: string;
}

function readKeys(folder: string): readonly WrittenKey[] {
  const { keys } = JSON.parse(readFileSync(join(folder, PARAMS_KEYS_FILE), 'utf8')) as { keys: WrittenKey[] };
  return keys;
}

function readKey(folder: string): WrittenKey {
  const [key] = readKeys(folder);
  if (key === undefined) throw new Error('Cannot read the params keys: there is none');
  return key;
}

describe('the params key', () => {
  test('is made once, for the daemon alone to read, and read from then on', () => {
    const folder = makeFolder();
    const key = openParamsKeys(folder).present;
    const file = readKey(folder);
    const secret = Buffer.from(file.key, 'hex');
    expect(secret).toHaveLength(32);
    expect(key.id).toBe(createHash('sha256').update(secret).digest('hex').slice(0, 16));
    expect(statSync(join(folder, PARAMS_KEYS_FILE)).mode & 0o7777).toBe(0o600);
    expect(openParamsKeys(folder).present.secret.equals(key.secret)).toBe(true);
    expect(readdirSync(folder)).toEqual([PARAMS_KEYS_FILE]);
  });

  test('is another one in every state folder, and is not shown where its object is printed', () => {
    const [one, other] = [makeFolder(), makeFolder()];
    const key = openParamsKeys(one).present;
    expect(openParamsKeys(other).present.id).not.toBe(key.id);
    expect(inspect(key, { depth: 9, showHidden: true }) + JSON.stringify(key)).not.toContain(
      readKey(one).key,
    );
  });

  const BAD: [string, (path: string, text: string) => void, string][] = [
    [
      'short',
      (path, text) => writeFileSync(path, text.replace(/[0-9a-f]{2}"\}\]/, '"}]')),
      'not in the form of keys',
    ],
    ['empty', (path) => writeFileSync(path, ''), 'not in the form of keys'],
    ['cut', (path, text) => writeFileSync(path, text.slice(0, 40)), 'not in the form of keys'],
    [
      'swapped',
      (path, text) => writeFileSync(path, text.replace(/.{64}"\}\]/, `${'0'.repeat(64)}"}]`)),
      'its id is not that of its key',
    ],
    ['world-readable', (path) => chmodSync(path, 0o644), 'has mode 0644, and may have 0600 at most'],
    ['readable for a group', (path) => chmodSync(path, 0o640), 'has mode 0640'],
    ['known by a second name', (path) => linkSync(path, `${path}.too`), 'has 2 hard links'],
    ['a symbolic link', (path) => moveAndLink(path), 'is a symbolic link'],
  ];

  test.each(BAD)('is refused where it is %s (A16)', (_title, change, why) => {
    const folder = makeFolder();
    openParamsKeys(folder);
    const path = join(folder, PARAMS_KEYS_FILE);
    change(path, readFileSync(path, 'utf8'));
    expect(() => openParamsKeys(folder)).toThrow(/^Cannot load the params keys: /);
    expect(() => openParamsKeys(folder)).toThrow(why);
  });

  test('is refused where it is missing while a log knows records, and made where none was written (A16)', async () => {
    const used = await makeLog(2);
    expect(() => openParamsKeys(used.folder)).toThrow('Cannot load the params keys: it is missing');
    const fresh = await makeLog(0);
    expect(openParamsKeys(fresh.folder).present.id).toMatch(/^[0-9a-f]{16}$/);
  });

  test('is made although an earlier start ended while making it', () => {
    const folder = makeFolder();
    writeFileSync(join(folder, `${PARAMS_KEYS_FILE}.new`), '{"version":1');
    expect(openParamsKeys(folder).present.id).toMatch(/^[0-9a-f]{16}$/);
    rmSync(join(folder, PARAMS_KEYS_FILE));
  });
});

function moveAndLink(path: string): void {
  renameSync(path, `${path}.away`);
  symlinkSync(`${path}.away`, path);
}

describe('a params key that grows old', () => {
  const DAY_MS = 86_400_000;

  test('is replaced by a new one and kept for look-up, and what is on disk is what is used', () => {
    const folder = makeFolder();
    let now = Date.parse('2026-01-01T00:00:00.000Z');
    const keys = openParamsKeys(folder, () => now);
    const first = keys.present;
    now += 90 * DAY_MS - 1;
    expect(keys.renew(90)).toBeNull();
    expect(keys.renew(null)).toBeNull();
    now += 1;
    expect(keys.renew(90)).toMatchObject({ before: { id: first.id }, forgotten: null, kept: 2 });
    expect(keys.present.id).not.toBe(first.id);
    expect(readKeys(folder).map(({ id }) => id)).toEqual([keys.present.id, first.id]);
    expect(openParamsKeys(folder).present.id).toBe(keys.present.id);
    expect(statSync(join(folder, PARAMS_KEYS_FILE)).mode & 0o7777).toBe(0o600);
    expect(readdirSync(folder)).toEqual([PARAMS_KEYS_FILE]);
  });

  test(`is forgotten, and named as that, behind ${PARAMS_KEYS_MAXIMUM - 1} later ones`, () => {
    const folder = makeFolder();
    let now = 0;
    const keys = openParamsKeys(folder, () => now);
    const first = keys.present;
    const forgotten: (string | undefined)[] = [];
    for (let made = 0; made < PARAMS_KEYS_MAXIMUM; made += 1) {
      now += DAY_MS;
      forgotten.push(keys.renew(1)?.forgotten?.id);
    }
    expect(forgotten.slice(0, -1)).toEqual(forgotten.slice(1).map(() => undefined));
    expect(forgotten.at(-1)).toBe(first.id);
    expect(readKeys(folder)).toHaveLength(PARAMS_KEYS_MAXIMUM);
  });

  test('is replaced where it was made by a clock that ran ahead, and not for a clock that is a little behind', () => {
    const folder = makeFolder();
    let now = 400 * DAY_MS;
    const keys = openParamsKeys(folder, () => now);
    now -= DAY_MS / 2;
    expect(keys.renew(90)).toBeNull();
    now -= 300 * DAY_MS;
    expect(keys.renew(90)).not.toBeNull();
  });

  test('stays the present one where the new one cannot be written', () => {
    const folder = makeFolder();
    let now = 0;
    const keys = openParamsKeys(folder, () => now);
    const { id } = keys.present;
    now += DAY_MS;
    renameSync(folder, `${folder}-away`);
    expect(() => keys.renew(1)).toThrow();
    renameSync(`${folder}-away`, folder);
    expect(keys.present.id).toBe(id);
  });
});

describe('the params hash', () => {
  test('is HMAC-SHA-256 over method, NUL and digest (invariant 13)', () => {
    const folder = makeFolder();
    const key = openParamsKeys(folder).present;
    const secret = Buffer.from(readKey(folder).key, 'hex');
    const expected = createHmac('sha256', secret)
      .update(Buffer.concat([Buffer.from('disk.usage\0'), DIGEST]))
      .digest('hex');
    expect(paramsHash(key, 'disk.usage', DIGEST.toString('hex'))).toBe(expected);
    expect(paramsHash(key, 'disk.usagf', DIGEST.toString('hex'))).not.toBe(expected);
  });

  test('is refused for what would let two calls have one hash', () => {
    const key = openParamsKeys(makeFolder()).present;
    expect(() => paramsHash(key, 'disk.usage', DIGEST.toString('hex', 1))).toThrow(RangeError);
    expect(() => paramsHash(key, 'disk\0usage', DIGEST.toString('hex'))).toThrow(RangeError);
  });
});
