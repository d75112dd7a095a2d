import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf, keyText, parseKeys } from '../../../src/shared/audit/seals/verification-key.ts';
import { makeSealedPlaces, runDaemon, type SealedPlaces } from '../../shared/audit/seals/sealed-places.ts';
import { run } from '../played-surroundings.ts';

let places: SealedPlaces;
const key = (...more: string[]) => run(['audit', 'key', '--log', places.path, ...more]);

describe('audit key', () => {
  beforeEach(async () => {
    places = makeSealedPlaces();
    for (let count = 0; count < 3; count += 1) await runDaemon(places, 2);
  });

  test('prints the first key as one line, the same in a pipe and on a terminal, which is read back', async () => {
    const [first] = places.readSeals();
    const { status, stdout } = await key();
    expect(status).toBe(0);
    expect(stdout).toBe(`${keyText({ epoch: 1, key: first?.key ?? Buffer.alloc(0) })}\n`);
    expect(parseKeys(stdout)).toEqual([{ epoch: 1, key: first?.key }]);
    expect((await run(['audit', 'key', '--log', places.path], { terminal: true })).stdout).toBe(stdout);
  });

  test('prints that of any epoch, the open one included, and in JSON', async () => {
    const seals = places.readSeals();
    const last = seals.at(-1);
    const third = parseKeys((await key('--epoch', '3')).stdout);
    expect(third).toEqual([{ epoch: 3, key: seals[2]?.key }]);
    const current = parseKeys((await key('--current')).stdout);
    expect(current).toEqual([{ epoch: seals.length + 1, key: last?.next }]);
    expect(parseKeys((await key('--epoch', String(seals.length + 1))).stdout)).toEqual(current);
    expect(JSON.parse((await key('--json')).stdout)).toEqual({
      ...{ epoch: 1, key: seals[0]?.key.toString('base64') },
      fingerprint: fingerprintOf(seals[0]?.key ?? Buffer.alloc(0)),
    });
  });

  test('needs no state, and prints no key behind a seal that is bad', async () => {
    rmSync(places.state, { recursive: true });
    expect((await key()).status).toBe(0);
    const lines = readFileSync(places.seals, 'utf8').split('\n');
    writeFileSync(places.seals, lines.toSpliced(1, 1).join('\n'));
    expect((await key()).status).toBe(0);
    const { status, stdout, stderr } = await key('--epoch', '4');
    expect({ status, stdout }).toEqual({ status: 9, stdout: '' });
    expect(stderr).toContain('the seal of epoch 2 in');
    expect(stderr).toContain('is bad: missing: the seal of epoch 3 stands in its place');
  });

  test.each([
    [['--epoch', '99'], 10, 'the seals in'],
    [['--epoch', '0'], 2, 'Cannot read --epoch: 0 is no whole number'],
    [['--epoch', '1', '--current'], 2, '--epoch and --current ask for two'],
    [['--log', '/nowhere/audit.jsonl'], 10, 'there are no seals at /nowhere/audit-seals.jsonl'],
  ])('says why there is none: %j', async (words, status, why) => {
    const ran = await key(...words);
    expect({ ...ran, stdout: '' }).toMatchObject({ status, stderr: expect.stringContaining(why) });
  });
});
