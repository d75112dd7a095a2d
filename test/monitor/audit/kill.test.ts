import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { makePlaces, type Places } from '../../shared/audit/made-log.ts';
import { rounds } from '../../support/rounds.ts';

const WRITER = fileURLToPath(new URL('endless-writer.ts', import.meta.url));
/** So small that nearly every moment lies within a rotation, a compression or a removal. */
const BUSY = 'audit: { rotate_bytes: 8192, reserve_bytes: 16384, retention: RETENTION }';

/**
 * Runs a writer, and kills it some milliseconds after it was told of so many records; gives the numbers of all that it was
 * told of.
 */
async function killOneRound(
  places: Places,
  settings: string,
  records: number,
  afterMs: number,
): Promise<number[]> {
  const writer = spawn(process.execPath, [WRITER, places.path, places.folder, settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  let count = 0;
  await new Promise<void>((resolve) => {
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      count += text.split('\n').length - 1;
      if (count >= records) resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  writer.kill('SIGKILL');
  await once(writer, 'close');
  return printed.split('\n').slice(0, -1).map(Number);
}

/** Number and event of every record that is there. */
async function standing(places: Places): Promise<Map<number, string | undefined>> {
  const lines = (await places.allLines()).filter((line) => line.endsWith('"}'));
  const parts = lines.map((line) => /"seq":(\d+),.*"event":"([a-z-]+)"/.exec(line));
  return new Map(parts.map((found) => [Number(found?.[1]), found?.[2]]));
}

test('kill -9 at any moment, also of rotating and compressing, loses no record whose writer was told of it (A2, A3, A8)', async () => {
  const places = makePlaces();
  const settings = `version: 1\n${BUSY.replace('RETENTION', '{ max_bytes: null }')}\n`;
  const told: number[] = [];
  for (let round = 0; round < rounds('auditKills'); round += 1) {
    told.push(...(await killOneRound(places, settings, 1 + ((round * 37) % 150), (round * 3) % 20)));
    // Whatever it was in the middle of: only the end may be what the next start will declare.
    const { ok, firstBad } = await places.verify();
    expect(ok || ['torn', 'appended'].includes(firstBad?.what ?? '')).toBe(true);
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, firstBad: null });
  }
  const events = await standing(places);
  expect(told.length).toBeGreaterThan(rounds('auditKills'));
  expect(told.filter((seq) => events.get(seq) !== 'call-end')).toEqual([]);
  const segments = await listSegments(places.path);
  expect(segments.length).toBeGreaterThan(rounds('auditKills'));
  const { recoveries } = await places.verify();
  console.info(
    `${rounds('auditKills')} kills, ${told.length} records told, ${segments.length} segments, ${recoveries} recoveries`,
  );
}, 1_800_000);

test('kill -9 at any moment of removing leaves a log that is proven from its first record on (A8)', async () => {
  const places = makePlaces();
  const settings = `version: 1\n${BUSY.replace('RETENTION', '{ max_bytes: 65536, min_days: 0 }, compress: false')}\n`;
  const begins = new Set<number>();
  for (let round = 0; round < rounds('auditKills'); round += 1) {
    const told = await killOneRound(places, settings, 100 + ((round * 67) % 300), (round * 3) % 20);
    await (await places.open()).close();
    const result = await places.verify();
    expect(result).toMatchObject({ ok: true, firstBad: null });
    begins.add(result.begins);
    const events = await standing(places);
    // Of what was told, only what stood before the first record that is left may be gone.
    expect(told.filter((seq) => seq >= result.begins && events.get(seq) !== 'call-end')).toEqual([]);
  }
  expect(begins.size).toBeGreaterThan(1);
}, 1_800_000);
