import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { verifySealedLog } from '../../../../src/shared/audit/seals/verify-sealed.ts';
import { makeSealedPlaces, runDaemon, THIS_MACHINE } from '../../../shared/audit/seals/sealed-places.ts';
import { rounds } from '../../../support/rounds.ts';

const WRITER = fileURLToPath(new URL('endless-sealer.ts', import.meta.url));

test('kill -9 at any moment leaves a log whose seals are a chain, with each epoch sealed once (A2)', async () => {
  const places = makeSealedPlaces();
  const count = 4 * rounds('kills');
  for (let round = 0; round < count; round += 1) {
    const writer = spawn(process.execPath, [WRITER, places.path, places.state, THIS_MACHINE], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const records = Math.random() * 100;
    let printed = 0;
    writer.stdout.on('data', (text: Buffer) => {
      printed += text.length / 2;
      if (printed > records) writer.kill('SIGKILL');
    });
    await once(writer, 'close');
    const { ok, firstBad } = await verifySealedLog(places.path, { state: null, keys: [] });
    expect({ round, ok, firstBad }).toEqual({ round, ok: true, firstBad: null });
  }
  await runDaemon(places, 0);
  const { ok, firstBad, seals, records } = await verifySealedLog(places.path, {
    state: places.state,
    keys: [],
  });
  expect({ ok, firstBad }).toEqual({ ok: true, firstBad: null });
  process.stdout.write(`kills while sealing: ${count}, ${records} records, ${seals?.count} seals\n`);
  expect(seals?.count).toBeGreaterThan(0);
}, 600_000);
