import { createHash, createHmac } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { makeDevelopmentFolder } from '../../../scripts/development-folder.ts';
import { openParamsKeys } from '../../../src/monitor/audit/params-keys.ts';
import { PARAMS_KEYS_FILE } from '../../../src/shared/audit/params-hash.ts';
import { TEST_DRIVERS } from '../../support/daemon.ts';
import { run } from '../played-surroundings.ts';

let folder: string;
let state: string;
beforeEach(() => {
  process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driverctl-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  ({ state } = makeDevelopmentFolder(folder, { say: 'version: 1\ndriver: echo\n' }, '', {
    driverFolders: [TEST_DRIVERS],
  }));
  mkdirSync(state, { recursive: true, mode: 0o700 });
});

interface Answer {
  readonly method: string;
  readonly hashes: readonly {
    readonly params_key: string;
    readonly params_hash: string;
    readonly refused_params_hash?: string;
  }[];
}

const hash = (...words: string[]) =>
  run(['audit', 'hash', '--json', '--state', state, '--config', folder, ...words]);

async function answer(...words: string[]): Promise<Answer> {
  const { status, stdout, stderr } = await hash(...words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Answer;
}

/** Made here from the file of keys alone, as invariant 13 has it. */
function expected(method: string, canonical: string): string[] {
  const { keys } = JSON.parse(readFileSync(join(state, PARAMS_KEYS_FILE), 'utf8')) as {
    keys: { key: string }[];
  };
  const digest = createHash('sha256').update(canonical).digest();
  return keys.map(({ key }) =>
    createHmac('sha256', Buffer.from(key, 'hex')).update(`${method}\0`).update(digest).digest('hex'),
  );
}

describe('audit hash', () => {
  test('prints what to search for under each key that there was (invariant 13)', async () => {
    let now = Date.parse('2026-01-01T00:00:00.000Z');
    const keys = openParamsKeys(state, () => now);
    const first = keys.present.id;
    now += 90 * 86_400_000;
    keys.renew(90);
    const { method, hashes } = await answer('say.say', '{"b": 1.0, "text": "é"}');
    expect(method).toBe('say.say');
    expect(hashes.map(({ params_key: id }) => id)).toEqual([keys.present.id, first]);
    expect(hashes.map(({ params_hash: value }) => value)).toEqual(expected('say.say', '{"b":1,"text":"é"}'));
    const human = await run(['audit', 'hash', '--state', state, 'say.say', 'text=x'], { terminal: true });
    expect(human.stdout.split('\n')[1]).toMatch(
      new RegExp(`^${first}  from 2026-01-01T00:00:00.000Z  [0-9a-f]{64}$`, 'u'),
    );
  });

  test('takes params in each way in which call takes them, and none for a call without', async () => {
    openParamsKeys(state);
    for (const words of [['text=x'], ['{"text":"x"}'], ['text="x"']])
      expect((await answer('say.say', ...words)).hashes[0]?.params_hash).toBe(
        expected('say.say', '{"text":"x"}')[0],
      );
    expect((await answer('rpc.status')).hashes[0]?.params_hash).toBe(expected('rpc.status', '{}')[0]);
  });

  test('takes params by position, whose names stand in the manifest, and says how a refused call has them', async () => {
    openParamsKeys(state);
    const [entry] = (await answer('say.say', '["x"]')).hashes;
    expect(entry?.params_hash).toBe(expected('say.say', '{"text":"x"}')[0]);
    expect(entry?.refused_params_hash).toBe(expected('say.say', '["x"]')[0]);
    expect(await hash('say.say', '["x", "y"]')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Cannot hash: say takes 1 params by position'),
    });
  });

  test.each([
    [[], 'Cannot hash: the method is missing'],
    [['echo'], 'Cannot hash: echo is no method'],
    [['say.say\0x', 'text=x'], 'is no method'],
    [['say.none', '[1]'], 'Cannot hash: say has no method none'],
    [['say.say', '{"_meta":{}}'], '_meta is set by options'],
  ])('refuses %j', async (words, message) => {
    openParamsKeys(state);
    expect(await hash(...words)).toMatchObject({ status: 2, stderr: expect.stringContaining(message) });
  });

  test('refuses keys that others could have written, and says where there are none', async () => {
    expect(await hash('say.say', 'text=x')).toMatchObject({
      status: 10,
      stderr: expect.stringContaining('it does not exist'),
    });
    openParamsKeys(state);
    chmodSync(join(state, PARAMS_KEYS_FILE), 0o606);
    expect((await hash('say.say', 'text=x')).stderr).toContain('everybody can write it');
    chmodSync(join(state, PARAMS_KEYS_FILE), 0o600);
    writeFileSync(join(state, PARAMS_KEYS_FILE), '{}\n');
    expect((await hash('say.say', 'text=x')).stderr).toContain('it is not in the form of keys');
  });
});
