import { expect, test } from 'vitest';
import { openSealReader } from '../../../../src/shared/audit/seals/read-seals.ts';
import type { VerificationKey } from '../../../../src/shared/audit/seals/verification-key.ts';
import { type SealedResult, verifySealedLog } from '../../../../src/shared/audit/seals/verify-sealed.ts';
import { listSegments } from '../../../../src/shared/audit/segments.ts';
import { rounds } from '../../../support/rounds.ts';
import { makeSealedPlaces, type SealedPlaces } from './sealed-places.ts';

const COUNT = rounds('untouchedLogs');
/** Days of retention: what is closed is young, so that only a minimum of none lets it be removed. */
const RETENTION = { max_bytes: 65_536, max_days: null, min_days: 0 };

function random(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}

function firstKey({ seals }: SealedPlaces): readonly VerificationKey[] {
  const reader = openSealReader(seals, []);
  const first = reader?.next() ?? null;
  reader?.close();
  return first === null ? [] : [{ epoch: 1, key: first.key }];
}

/** With the state and without it, with a key and without it. */
async function verifyAll(places: SealedPlaces): Promise<readonly SealedResult[]> {
  const results: SealedResult[] = [];
  for (const state of [places.state, null]) {
    for (const keys of [[], firstKey(places)]) {
      results.push(await verifySealedLog(places.path, { state, keys }));
    }
  }
  return results;
}

function expectWhole(results: readonly SealedResult[]): void {
  for (const result of results) expect(result).toMatchObject({ ok: true, firstBad: null });
}

test('an untouched log is never complained about: over restarts, rotation, compression and retention, and while it is written', async () => {
  let segments = 0;
  let removed = 0;
  let seals = 0;
  for (let round = 0; round < COUNT; round += 1) {
    const places = makeSealedPlaces(
      { records: random(3, 60), seconds: 86_400 },
      { rotate_bytes: random(4_096, 16_384), retention: RETENTION },
    );
    for (let start = 0; start < 3; start += 1) {
      const log = await places.open();
      await log.append('daemon-start', {}, {}, true);
      const records = random(20, 200);
      const writing = Array.from({ length: records }, (_, number) =>
        log.append('session', { number, text: 'x'.repeat(random(0, 400)) }, {}, number % 3 === 0),
      );
      expectWhole(await verifyAll(places));
      await Promise.all(writing);
      expectWhole(await verifyAll(places));
      await log.close();
    }
    const results = await verifyAll(places);
    expectWhole(results);
    const [withState] = results;
    expect(withState?.proven).toBe((withState?.begins ?? 0) + (withState?.records ?? 0) - 1);
    segments += (await listSegments(places.path)).length;
    removed += (withState?.begins ?? 1) - 1;
    seals += withState?.seals?.count ?? 0;
  }
  process.stdout.write(
    `untouched logs: ${COUNT}, of ${segments} segments and ${seals} seals, ${removed} records removed by retention, never complained about\n`,
  );
  expect(segments).toBeGreaterThan(COUNT);
}, 600_000);
