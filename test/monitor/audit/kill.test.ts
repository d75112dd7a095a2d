import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { makePlaces } from '../../shared/audit/made-log.ts';

const WRITER = fileURLToPath(new URL('endless-writer.ts', import.meta.url));
const ROUNDS = 12;

test('kill -9 at any moment loses no record whose writer was told of it, and every start goes on (A2, A3)', async () => {
  const places = makePlaces();
  const told: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const writer = spawn(process.execPath, [WRITER, places.path, places.folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    writer.stdout.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
    await once(writer.stdout, 'data');
    await new Promise((resolve) => setTimeout(resolve, round * 3));
    writer.kill('SIGKILL');
    await once(writer, 'close');
    told.push(...printed.split('\n').slice(0, -1).map(Number));
  }
  await (await places.open()).close();
  const result = await places.verify();
  expect(result).toMatchObject({ ok: true, firstBad: null });
  const standing = new Map(
    places
      .lines()
      .filter((line) => line.endsWith('"}'))
      .map((line) => /"seq":(\d+),.*"event":"([a-z-]+)"/.exec(line))
      .map((parts) => [Number(parts?.[1]), parts?.[2]]),
  );
  expect(told.length).toBeGreaterThan(ROUNDS);
  expect(told.filter((seq) => standing.get(seq) !== 'call-end')).toEqual([]);
}, 60_000);
