import {
  chmodSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lockFile } from '../../../src/posix/lock.ts';
import {
  decodeResetRequest,
  RESET_REASON_MAXIMUM,
  RESET_REQUEST_FILE,
} from '../../../src/shared/audit/reset-request.ts';
import { makeFolder } from '../../shared/audit/made-log.ts';
import { makeSealedPlaces, runDaemon } from '../../shared/audit/seals/sealed-places.ts';
import { run } from '../played-surroundings.ts';

const uid = process.geteuid?.() ?? -1;
const reset = (state: string, ...more: string[]) =>
  run(['audit', 'reset', '--state', state, ...more], { terminal: true });

function makeState(): string {
  const folder = makeFolder();
  chmodSync(folder, 0o700);
  return folder;
}

describe('audit reset', () => {
  test('leaves a request that only its user can read, and the next start begins a new chain', async () => {
    const places = makeSealedPlaces();
    await runDaemon(places, 2);
    const { status, stdout } = await reset(places.state, '--reason', 'a disk\nwas lost');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^asked: the next start of the daemon keeps the old files aside/);
    const request = join(places.state, RESET_REQUEST_FILE);
    expect(statSync(request).mode & 0o7777).toBe(0o600);
    expect(decodeResetRequest(readFileSync(request, 'utf8'))).toEqual({ uid, reason: 'a disk\nwas lost' });
    await runDaemon(places, 0);
    expect(JSON.parse(places.lines()[0] ?? '')).toMatchObject({
      event: 'audit-reset',
      facts: { why: 'asked', uid, reason: 'a disk\nwas lost' },
    });
    expect(existsSync(request)).toBe(false);
  });

  test('makes the state folder where it was lost as a whole', async () => {
    const places = makeSealedPlaces();
    await runDaemon(places, 2);
    rmSync(places.state, { recursive: true });
    expect((await reset(places.state)).status).toBe(0);
    expect(statSync(places.state).mode & 0o7777).toBe(0o700);
    await runDaemon(places, 0);
    expect(JSON.parse(places.lines()[0] ?? '')).toMatchObject({
      event: 'audit-reset',
      facts: { reason: null },
    });
  });

  test('is refused while a daemon holds the state folder (A9)', async () => {
    const folder = makeState();
    const lock = openSync(join(folder, 'lock'), 'w', 0o600);
    expect(lockFile(lock)).toBe(true);
    const { status, stderr } = await reset(folder);
    closeSync(lock);
    expect(status).toBe(10);
    expect(stderr).toBe(
      `driverctl: Cannot ask for a new audit log: a daemon runs on ${folder}: stop it first\n`,
    );
    expect(readdirSync(folder)).toEqual(['lock']);
    expect((await reset(folder)).status).toBe(0);
  });

  test('is refused with a reason that is too long', async () => {
    const { status, stderr } = await reset(makeState(), '--reason', 'x'.repeat(RESET_REASON_MAXIMUM + 1));
    expect(status).toBe(2);
    expect(stderr).toContain('Cannot read --reason: it is longer than 512 characters');
  });

  test('is refused where something else than a folder is there', async () => {
    const folder = join(makeFolder(), 'file');
    closeSync(openSync(folder, 'w'));
    const { status } = await reset(folder);
    expect(status).toBe(10);
  });
});
