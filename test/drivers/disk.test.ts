import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { declaring } from '../../drivers/disk/failures.ts';
import { resolveOnHost } from '../../drivers/disk/host-path.ts';
import { createRanking } from '../../drivers/disk/ranking.ts';
import { messages, refusal, request, result, start } from './start.ts';

const driver = 'drivers/disk/disk.ts';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-disk-'));
  mkdirSync(join(folder, 'tree/a/b'), { recursive: true });
  mkdirSync(join(folder, 'tree/c'));
  writeFileSync(join(folder, 'tree/a/b/large'), Buffer.alloc(300_000, 1));
  writeFileSync(join(folder, 'tree/a/middle'), Buffer.alloc(200_000, 1));
  writeFileSync(join(folder, 'tree/c/small'), Buffer.alloc(50_000, 1));
  symlinkSync('/', join(folder, 'tree/to-root'));
  symlinkSync('loop', join(folder, 'tree/loop'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Bytes as du(1) counts them, links counted each time. */
function du(path: string): number {
  return Number.parseInt(execFileSync('du', ['-sxlB1', path], { encoding: 'utf8' }), 10);
}

describe('disk.usage', () => {
  test.each(['/', '/usr', '/dev/shm'])('has the figures of df for %s', async (path) => {
    const columns = 'size,used,avail,itotal,iused,iavail';
    const df = (): number[] =>
      (execFileSync('df', ['-B1', `--output=${columns}`, path], { encoding: 'utf8' }).split('\n')[1] ?? '')
        .trim()
        .split(/\s+/)
        .map(Number);
    // Others write to the disk meanwhile: each figure must lie between two looks of df, mostly the same.
    await expect
      .poll(
        async () => {
          const before = df();
          const found = await result(driver, 'usage', { path });
          const after = df();
          const { path: named, ...figures } = found;
          expect(named).toBe(path);
          const values = Object.values(figures).map(Number);
          expect(values).toHaveLength(before.length);
          return values.filter((value, index) => {
            const looks = [before[index] ?? Number.NaN, after[index] ?? Number.NaN];
            return !(value >= Math.min(...looks) && value <= Math.max(...looks));
          });
        },
        { timeout: 20_000, interval: 10 },
      )
      .toEqual([]);
  });

  test('measures `/` without a path', async () => {
    expect(await result(driver, 'usage')).toMatchObject({ path: '/' });
  });

  test.each([
    ['nothing-here', 'not_found'],
    ['tree/loop', 'not_found'],
    ['tree/c/small/below', 'not_a_directory'],
  ])('refuses %s with the declared error %s', async (name, word) => {
    const path = join(folder, name);
    const data = { error: word, details: { path } };
    expect(await refusal(driver, 'usage', { path })).toMatchObject({ code: -32_000, data });
  });
});

describe('disk.largest', () => {
  test('finds the biggest files, biggest first', async () => {
    const path = join(folder, 'tree');
    const found = await result(driver, 'largest', { path, limit: 2, kind: 'file' });
    expect(found).toEqual({
      path,
      entries: [
        { path: join(path, 'a/b/large'), kind: 'file', bytes: du(join(path, 'a/b/large')) },
        { path: join(path, 'a/middle'), kind: 'file', bytes: du(join(path, 'a/middle')) },
      ],
      visited: 8,
      unreadable: 0,
      skipped: 0,
    });
  });

  test('counts a folder with all below it, as du does', async () => {
    const path = join(folder, 'tree');
    const { entries } = await result(driver, 'largest', { path, limit: 10, kind: 'directory' });
    expect(entries).toEqual(
      ['a', 'a/b', 'c'].map((name) => {
        return { path: join(path, name), kind: 'directory', bytes: du(join(path, name)) };
      }),
    );
  });

  test('follows no links, and stays on one file system (S17)', async () => {
    const path = join(folder, 'tree');
    const { entries } = await result(driver, 'largest', { path, limit: 1000, kind: 'any' });
    expect(JSON.stringify(entries)).not.toContain('to-root/');
  });

  test('walks names that are not UTF-8', async () => {
    const path = join(folder, 'names');
    mkdirSync(Buffer.concat([Buffer.from(`${path}/d`), Buffer.of(0xff)]), { recursive: true });
    writeFileSync(Buffer.concat([Buffer.from(`${path}/d`), Buffer.of(0xff), Buffer.from('/ü')]), 'x');
    const { entries } = await result(driver, 'largest', { path, limit: 1, kind: 'file' });
    expect(entries).toMatchObject([{ path: `${path}/d\ufffd/ü` }]);
  });

  test('counts a hard link each time', async () => {
    const path = join(folder, 'links');
    mkdirSync(path);
    writeFileSync(join(path, 'one'), 'x');
    linkSync(join(path, 'one'), join(path, 'two'));
    const { entries } = await result(driver, 'largest', { path, limit: 10, kind: 'file' });
    expect(entries).toHaveLength(2);
  });

  test('reports progress, and at the end all that it visited', async () => {
    const path = join(folder, 'tree');
    const said = messages((await start(driver, request('largest', { path }, true))).stdout);
    expect(said.at(-2)).toMatchObject({ method: 'progress', params: { progress: 8 } });
    expect(said.at(-1)).toMatchObject({ id: 1, result: { visited: 8 } });
  });

  test('refuses a file', async () => {
    const path = join(folder, 'tree/c/small');
    const data = { error: 'not_a_directory', details: { path } };
    expect(await refusal(driver, 'largest', { path })).toMatchObject({ code: -32_000, data });
  });
});

describe('a path of the host', () => {
  let root: string;
  beforeAll(() => {
    root = join(folder, 'host');
    mkdirSync(join(root, 'etc/inner'), { recursive: true });
    mkdirSync(join(root, 'srv'));
    symlinkSync('/etc/inner', join(root, 'srv/absolute'));
    symlinkSync('../../../../../../etc', join(root, 'srv/upwards'));
    symlinkSync('absolute/../inner', join(root, 'srv/through'));
    symlinkSync('/proc/self/root/etc', join(root, 'srv/magic'));
  });

  test.each([
    ['/', ''],
    ['/srv', '/srv'],
    ['/srv/absolute', '/etc/inner'],
    ['/srv/upwards', '/etc'],
    ['/srv/upwards/inner', '/etc/inner'],
    ['/srv/through', '/etc/inner'],
    ['/srv/../../../etc', '/etc'],
  ])('%s stays below the root (S17)', (path, expected) => {
    expect(resolveOnHost(root, path)).toBe(`${root}${expected}`);
  });

  test('never leads through what only the sandbox has (S17)', () => {
    expect(() => resolveOnHost(root, '/srv/magic')).toThrow('ENOENT');
  });
});

describe('the parts of disk', () => {
  test('a ranking holds no more than its limit, equal ones by path', () => {
    const ranking = createRanking(3);
    for (const [path, bytes] of [
      ['d', 1],
      ['b', 2],
      ['c', 2],
      ['a', 2],
      ['e', 3],
    ] as const) {
      ranking.offer({ path, kind: 'file', bytes });
    }
    expect(ranking.entries.map(({ path }) => path)).toEqual(['e', 'a', 'b']);
  });

  test('an error of the kernel that the manifest does not declare stays what it is', () => {
    const error = Object.assign(new Error('broken'), { code: 'EIO' });
    expect(() => {
      declaring('/', () => {
        throw error;
      });
    }).toThrow(error);
  });
});

describe('what the driver may not read', () => {
  test.each(['EACCES', 'EPERM'])('is the declared error permission_denied (%s)', (code) => {
    try {
      declaring('/locked', () => {
        throw Object.assign(new Error('refused'), { code });
      });
      expect.unreachable();
    } catch (error) {
      expect(String(error)).toContain('permission_denied');
    }
  });
});
