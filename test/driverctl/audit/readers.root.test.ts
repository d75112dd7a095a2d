import { chmodSync, chownSync, cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { makeSealedPlaces, runDaemon, type SealedPlaces } from '../../shared/audit/seals/sealed-places.ts';
import { type Ran, run } from '../played-surroundings.ts';

/** A user, and the group that may look at the log. */
const MEMBER = 4_242;
const READERS = 4_343;

let places: SealedPlaces;
const groups = process.getgroups?.() ?? [];

beforeEach(async () => {
  places = makeSealedPlaces();
  chownSync(places.folder, 0, READERS);
  chmodSync(places.folder, 0o2750);
  chmodSync(dirname(places.folder), 0o755);
  await runDaemon(places, 5);
});
afterEach(becomeRoot);

function becomeRoot(): void {
  process.seteuid?.(0);
  process.setegid?.(0);
  process.setgroups?.(groups);
}

/** Runs driverctl as a user whose only further group is this one. */
async function runAs(group: number, ...words: string[]): Promise<Ran> {
  process.setgroups?.([group]);
  process.setegid?.(MEMBER);
  process.seteuid?.(MEMBER);
  try {
    return await run(words, { terminal: true, environment: { DRIVERD_LOG: places.path } });
  } finally {
    becomeRoot();
  }
}

describe('a member of the group that may look at the log', () => {
  test('proves it up to the last seal, is told so, and prints keys', async () => {
    // The packaged state folder, which is closed to them, as this one is.
    const { status, stdout } = await runAs(READERS, 'audit', 'verify', '--log', places.path);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `${places.path} is whole up to record ${places.lines().length}, the last one proven`,
    );
    expect(stdout).toContain('cannot be told without the state folder');
    const key = await runAs(READERS, 'audit', 'key');
    expect(key.stdout).toMatch(/^driverd-audit-key 1 1 /);
  });

  test('cannot read the state, and is told so where they name it', async () => {
    const { status, stderr } = await runAs(READERS, 'audit', 'verify', '--state', places.state);
    expect(status).toBe(10);
    expect(stderr).toContain('the head note cannot be opened (permission denied)');
  });

  test('can read what was put aside, as the log itself', async () => {
    await run(['audit', 'reset', '--state', places.state]);
    // As the monitor has it.
    const umask = process.umask(0o077);
    await runDaemon(places, 1);
    process.umask(umask);
    const [kept = ''] = readdirSync(places.folder).filter((name) => name.startsWith('audit-before-'));
    expect((await runAs(READERS, 'audit', 'verify', join(places.folder, kept))).status).toBe(0);
    // The control: who is in no such group reads nothing.
    expect((await runAs(MEMBER, 'audit', 'verify', join(places.folder, kept))).status).toBe(10);
  });

  test('proves a copy of their own as root would', async () => {
    const copy = join(dirname(places.folder), 'copy');
    mkdirSync(copy);
    cpSync(places.folder, copy, { recursive: true });
    for (const name of readdirSync(copy)) chownSync(join(copy, name), MEMBER, MEMBER);
    expect((await runAs(MEMBER, 'audit', 'verify', copy)).status).toBe(0);
  });
});

test('who is in no such group gets an error and no verdict', async () => {
  for (const command of ['verify', 'key']) {
    const { status, stderr } = await runAs(MEMBER, 'audit', command);
    expect(status).toBe(10);
    expect(stderr).toContain('permission denied');
  }
});
