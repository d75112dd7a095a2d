import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openSeals } from '../../../../src/monitor/audit/seals/open-seals.ts';
import {
  decodeKeyBlock,
  encodeKeyBlock,
  KEY_BLOCK_BYTES,
  pendingLine,
} from '../../../../src/shared/audit/seals/key-block.ts';
import {
  makeSealedPlaces,
  runDaemon,
  type SealedPlaces,
  sealProblem,
  THIS_MACHINE,
} from '../../../shared/audit/seals/sealed-places.ts';
import { crashAfter } from '../../../support/crash.ts';
import { playAppender } from '../../../support/played-appender.ts';

/** Runs a daemon that ends in the middle of its work. Returns how many changes it began, and whether it came to its end. */
async function crash(
  places: SealedPlaces,
  changes: number,
  cut?: (length: number) => number,
): Promise<{ begun: number; isWhole: boolean }> {
  const { appender, disk } = playAppender(places.path);
  const played = crashAfter(changes, disk, cut);
  let isWhole = true;
  try {
    await runDaemon(places, 2, { appender });
  } catch {
    isWhole = false;
  } finally {
    played.over();
  }
  return { begun: played.changes, isWhole };
}

/** A seal that was being written: as the state knows it, before any byte of it stands in its file. */
async function makeInterrupted(): Promise<{
  places: SealedPlaces;
  line: Buffer;
  before: Buffer;
  keys: Buffer;
}> {
  const places = makeSealedPlaces();
  await runDaemon(places, 2);
  // Behind the second daemon's first seal: the file has two seals, and the third is under way.
  const { begun } = await crash(copyOf(places), Number.POSITIVE_INFINITY);
  for (let changes = begun; changes >= 0; changes -= 1) {
    const tried = copyOf(places);
    await crash(tried, changes);
    const keys = readFileSync(tried.keys);
    const line = pendingLine(decodeKeyBlock(keys));
    if (line === null) continue;
    const before = readFileSync(tried.seals).subarray(0, decodeKeyBlock(keys).bytes);
    return { places: tried, line, before, keys };
  }
  throw new Error('no seal was ever under way');
}

function copyOf(from: SealedPlaces): SealedPlaces {
  const to = makeSealedPlaces();
  for (const file of ['path', 'seals', 'head', 'keys'] as const) {
    if (existsSync(from[file]))
      writeFileSync(to[file], readFileSync(from[file]), { mode: statSync(from[file]).mode });
  }
  return to;
}

describe('a daemon that ends while it seals', () => {
  test('at any change that it makes to a file leaves what the next start goes on with, and no epoch without its seal (A2)', async () => {
    const begun = makeSealedPlaces();
    await runDaemon(begun, 2);
    const { begun: changes } = await crash(copyOf(begun), Number.POSITIVE_INFINITY);
    let rounds = 0;
    for (let step = 0; step < changes; step += 1) {
      for (const part of [0, 1 / 3, 1]) {
        const places = copyOf(begun);
        // A block is one sector: it is the old one or the new one.
        const cut = (length: number): number =>
          length === KEY_BLOCK_BYTES ? (part < 1 ? 0 : length) : Math.floor(length * part);
        expect(await crash(places, step, cut)).toMatchObject({ isWhole: false });
        await runDaemon(places, 1);
        expect({ step, part, problem: sealProblem(places) }).toEqual({ step, part, problem: null });
        rounds += 1;
      }
    }
    process.stdout.write(`crashes while sealing: ${rounds}, each taken up\n`);
    expect(rounds).toBeGreaterThan(60);
  }, 600_000);

  test('at any byte of a seal: the same bytes are completed, and nothing else (A2)', async () => {
    const { places, line, before, keys } = await makeInterrupted();
    const { path, state: stateFolder } = places;
    for (let length = 0; length <= line.length; length += 1) {
      writeFileSync(places.seals, Buffer.concat([before, line.subarray(0, length)]));
      writeFileSync(places.keys, keys);
      const store = await openSeals({ path, stateFolder, machine: THIS_MACHINE });
      await store.close();
      expect(readFileSync(places.seals).equals(Buffer.concat([before, line]))).toBe(true);
      expect(decodeKeyBlock(readFileSync(places.keys)).pending).toBeNull();
    }
    await runDaemon(places, 0);
    expect(sealProblem(places)).toBeNull();
  }, 300_000);

  test('left other bytes than those of the seal: they are refused, and stay (invariant 12)', async () => {
    const { places, line, before, keys } = await makeInterrupted();
    const wrong: Buffer[] = [
      Buffer.from('x'),
      Buffer.concat([line.subarray(0, 100), Buffer.from('x')]),
      Buffer.concat([line, line]),
      Buffer.concat([line, Buffer.from('\n')]),
    ];
    for (const bytes of wrong) {
      writeFileSync(places.seals, Buffer.concat([before, bytes]));
      writeFileSync(places.keys, keys);
      await expect(places.open()).rejects.toThrow(
        'Cannot open the audit log: the file of its seals holds what was not being written',
      );
      expect(readFileSync(places.seals)).toEqual(Buffer.concat([before, bytes]));
    }
  });

  test('keeps no secret of an epoch that has ended', async () => {
    const places = makeSealedPlaces({ records: 2, seconds: 86_400 });
    const secrets: Buffer[] = [];
    for (let run = 0; run < 4; run += 1) {
      await runDaemon(places, 6);
      secrets.push(Buffer.from(decodeKeyBlock(readFileSync(places.keys)).secret));
    }
    const block = readFileSync(places.keys);
    for (const secret of secrets.slice(0, -1)) expect(block.includes(secret)).toBe(false);
    expect(block.includes(secrets.at(-1) ?? Buffer.of(0))).toBe(true);
  });
});

describe('seals that are not as they were left', () => {
  const CASES: [string, (places: SealedPlaces) => void, string][] = [
    ['the keys are gone', (places) => truncateSync(places.keys, 0), 'they are not in the form of keys'],
    [
      'the last seal was cut off',
      (places) => truncateSync(places.seals, readFileSync(places.seals).indexOf('\n') + 1),
      'seals were cut off',
    ],
    ['the seals were emptied', (places) => truncateSync(places.seals, 0), 'seals were cut off'],
    [
      'something stands behind the last one',
      (places) => writeFileSync(places.seals, 'x', { flag: 'a' }),
      'goes on behind the seal of epoch 2',
    ],
    [
      'the last one was edited',
      (places) =>
        writeFileSync(
          places.seals,
          readFileSync(places.seals, 'utf8').replace(/"seq":\d+(?=.*\n$)/, '"seq":9'),
        ),
      'is not the one that the state folder knows',
    ],
    [
      'the keys are those of an earlier epoch',
      (places) => {
        const { machine, secret } = decodeKeyBlock(readFileSync(places.keys));
        const prev = '0'.repeat(64);
        writeFileSync(
          places.keys,
          encodeKeyBlock({ machine, epoch: 1, secret, prev, bytes: 0, pending: null }),
        );
      },
      'goes on behind the seal of epoch 0',
    ],
  ];

  test.each(CASES)(
    'are refused where %s, with what to do (invariant 12, A16)',
    async (_title, change, why) => {
      const places = makeSealedPlaces();
      await runDaemon(places, 2);
      change(places);
      const opening = places.open();
      await expect(opening).rejects.toThrow(why);
      await expect(opening).rejects.toThrow(
        '`driverctl audit reset` has the next start keep the old files aside',
      );
      await expect(opening).rejects.toThrow(/^Cannot open the audit log: [^\n]*$/);
    },
  );
});
