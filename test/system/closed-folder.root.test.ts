import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { connectClient } from '../support/client.ts';
import { startTestDaemon, TEST_DRIVERS } from '../support/daemon.ts';

/** More at once than the process limit of one launch would let live together. */
const CALLS = 12;

test('drivers below a folder that is closed to their user run all the same, each launch within its own process limit, and the record says what is weaker', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-closed-'));
  chmodSync(folder, 0o700);
  mkdirSync(join(folder, 'drivers'));
  cpSync(join(TEST_DRIVERS, 'echo'), join(folder, 'drivers/closed-echo'), { recursive: true });
  const manifest = join(folder, 'drivers/closed-echo/driver.yaml');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('name: echo', 'name: closed-echo'));
  const daemon = await startTestDaemon({
    profiles: { 'closed-echo': 'version: 1\nlimits: { processes: 16 }\n' },
    driverFolders: [join(folder, 'drivers')],
  });
  try {
    const clients = await Promise.all(Array.from({ length: CALLS }, () => connectClient(daemon.socket)));
    const replies = await Promise.all(
      clients.map((client) => client.call('closed-echo.say', { text: 'x', _meta: { reply: true } })),
    );
    for (const reply of replies) {
      expect(reply.error).toBeUndefined();
      expect(reply._meta?.['isolation']).toMatchObject({
        way: 'inner-setpriv',
        degraded: ['memory', 'processes'],
      });
    }
    for (const client of clients) client.close();
  } finally {
    await daemon.stop();
    rmSync(folder, { recursive: true });
  }
});
