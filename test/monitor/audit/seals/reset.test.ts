import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openParamsKeys } from '../../../../src/monitor/audit/params-keys.ts';
import { parseRecord } from '../../../../src/shared/audit/record.ts';
import { encodeResetRequest, RESET_REQUEST_FILE } from '../../../../src/shared/audit/reset-request.ts';
import { decodeKeyBlock } from '../../../../src/shared/audit/seals/key-block.ts';
import {
  ANOTHER_MACHINE,
  makeSealedPlaces,
  runDaemon,
  type SealedPlaces,
  sealProblem,
  THIS_MACHINE,
} from '../../../shared/audit/seals/sealed-places.ts';
import { crashAfter } from '../../../support/crash.ts';
import { playAppender } from '../../../support/played-appender.ts';

function ask(places: SealedPlaces, reason: string | null = 'a disk was lost'): void {
  writeFileSync(join(places.state, RESET_REQUEST_FILE), encodeResetRequest({ uid: 0, reason }), {
    mode: 0o600,
  });
}

/** Loses the state folder, as a disk does. */
function loseState(places: SealedPlaces): void {
  for (const name of readdirSync(places.state)) rmSync(join(places.state, name));
}

function recordOf(places: SealedPlaces, index: number): ReturnType<typeof parseRecord> {
  return parseRecord(Buffer.from(places.lines().at(index) ?? ''));
}

function keptFolders(places: SealedPlaces): string[] {
  return readdirSync(places.folder).filter((name) => name.startsWith('audit-before-'));
}

/** Every file of a log, by name, as it stands there; the reserve is no part of it. */
function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !/^audit-(?:before-|reserve)/.test(name));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'latin1')]));
}

async function makeUsed(): Promise<{
  places: SealedPlaces;
  old: Record<string, string>;
  last: ReturnType<typeof parseRecord>;
}> {
  const places = makeSealedPlaces();
  await runDaemon(places, 3);
  return { places, old: filesOf(places.folder), last: recordOf(places, -1) };
}

describe('a state folder that is missing while a log exists', () => {
  test('is refused with one line that says what to do, and stays refused', async () => {
    const { places, old } = await makeUsed();
    loseState(places);
    for (let start = 0; start < 2; start += 1) {
      await expect(places.open()).rejects.toThrow(
        /^Cannot open the audit log: the keys of its seals are missing in the state folder; `driverctl audit reset` [^\n]*$/,
      );
    }
    expect(filesOf(places.folder)).toEqual(old);
  });

  test('begins anew where root asks: the old files are kept as they are, and the first record says so', async () => {
    const { places, old, last } = await makeUsed();
    loseState(places);
    ask(places);
    const umask = process.umask(0o077);
    await runDaemon(places, 1);
    process.umask(umask);
    const [kept = ''] = keptFolders(places);
    expect(kept).toMatch(/^audit-before-\d{8}T\d{6}Z$/);
    expect(filesOf(join(places.folder, kept))).toEqual(old);
    expect(statSync(join(places.folder, kept)).mode & 0o7777).toBe(0o750);
    expect(recordOf(places, 0)).toMatchObject({
      ...{ seq: 1, event: 'audit-reset', prev: '0'.repeat(64), claims: {} },
      facts: {
        ...{ why: 'asked', uid: 0, reason: 'a disk was lost', noted: null, kept_in: kept },
        previous: { seq: last.seq, hash: last.hash },
      },
    });
    expect(sealProblem(places)).toBeNull();
    expect(existsSync(join(places.state, RESET_REQUEST_FILE))).toBe(false);
  });

  test('gets a new params key with the new chain, and none without (A16)', async () => {
    const { places } = await makeUsed();
    loseState(places);
    ask(places);
    const log = await places.open();
    expect(openParamsKeys(places.state).present.id).toMatch(/^[0-9a-f]{16}$/);
    await log.append('daemon-start', {}, {}, true);
    await log.close();
    rmSync(join(places.state, 'params-keys.json'));
    expect(() => openParamsKeys(places.state)).toThrow('it is missing');
  });
});

describe('a reset that was asked for', () => {
  test('is done once, with what the head note knew, and other keys', async () => {
    const { places, last } = await makeUsed();
    const before = decodeKeyBlock(readFileSync(places.keys));
    ask(places, null);
    await runDaemon(places, 1);
    const place = { seq: last.seq, hash: last.hash };
    expect(recordOf(places, 0).facts).toMatchObject({ uid: 0, reason: null, previous: place, noted: place });
    const [seal] = places.readSeals();
    expect(seal).toMatchObject({ epoch: 1 });
    expect(readFileSync(places.keys).includes(before.secret)).toBe(false);
    const lines = places.lines().length;
    await runDaemon(places, 1);
    expect(places.lines().length).toBeGreaterThan(lines);
    expect(keptFolders(places)).toHaveLength(1);
  });

  test('on nothing begins a chain with a reset of nothing', async () => {
    const places = makeSealedPlaces();
    ask(places);
    await runDaemon(places, 0);
    expect(recordOf(places, 0)).toMatchObject({
      event: 'audit-reset',
      facts: { previous: null, kept_in: null },
    });
    expect(keptFolders(places)).toEqual([]);
  });

  test('twice in one second has two folders', async () => {
    const { places } = await makeUsed();
    for (let count = 0; count < 3; count += 1) {
      ask(places);
      await runDaemon(places, 0);
    }
    expect(keptFolders(places)).toHaveLength(3);
  });

  test('names the last whole record that was found, and what the note knew, where the old log was cut', async () => {
    const { places, last } = await makeUsed();
    const lines = places.lines();
    writeFileSync(places.path, `${lines.slice(0, 3).join('\n')}\nhalf a line`);
    ask(places);
    await runDaemon(places, 0);
    const { seq, hash } = parseRecord(Buffer.from(lines[2] ?? ''));
    expect(recordOf(places, 0).facts).toMatchObject({
      previous: { seq, hash },
      noted: { seq: last.seq, hash: last.hash },
    });
  });

  test('mends a state folder whose files are broken', async () => {
    for (const file of ['keys', 'head'] as const) {
      const { places } = await makeUsed();
      writeFileSync(places[file], 'broken');
      await expect(places.open()).rejects.toThrow('Cannot open the audit log: ');
      ask(places);
      await runDaemon(places, 0);
      expect(sealProblem(places)).toBeNull();
    }
  });

  test.each([
    ['readable for others', (path: string) => chmodSync(path, 0o644), 'has mode 0644'],
    [
      'no request',
      (path: string) => writeFileSync(path, '{}\n'),
      'is not what `driverctl audit reset` writes',
    ],
    [
      'a link',
      (path: string) => {
        renameSync(path, `${path}.x`);
        symlinkSync(`${path}.x`, path);
      },
      'is a symbolic link',
    ],
  ])('is refused where its file is %s (A10)', async (_title, change, why) => {
    const { places, old } = await makeUsed();
    ask(places);
    change(join(places.state, RESET_REQUEST_FILE));
    await expect(places.open()).rejects.toThrow(why);
    expect(filesOf(places.folder)).toEqual(old);
  });

  test('that is cut short at any change to a file is gone on with: the same record, and every old file', async () => {
    const { places: model, old } = await makeUsed();
    const { begun } = await crashWhileResetting(model);
    let rounds = 0;
    for (let changes = 0; changes < begun; changes += 1) {
      for (const part of [0, 1 / 2, 1]) {
        const { places, old: own } = await makeUsed();
        ask(places);
        const { firstTry } = await crashWhileResetting(places, changes, part);
        await runDaemon(places, 1);
        const [kept = '', ...others] = keptFolders(places);
        expect(others).toEqual([]);
        expect(filesOf(join(places.folder, kept))).toEqual(own);
        expect(recordOf(places, 0)).toMatchObject({ event: 'audit-reset', facts: { kept_in: kept, uid: 0 } });
        if (firstTry !== null) expect(places.lines()[0]).toBe(firstTry);
        expect(places.lines().filter((line) => line.includes('"event":"audit-reset"'))).toHaveLength(1);
        expect(readdirSync(places.state).filter((name) => name.startsWith('audit-reset'))).toEqual([]);
        expect(sealProblem(places)).toBeNull();
        rounds += 1;
      }
    }
    process.stdout.write(`crashes while resetting: ${rounds}, each gone on with\n`);
    expect(rounds).toBeGreaterThan(40);
    expect(Object.keys(old)).toContain(basename(model.seals));
  }, 600_000);
});

/** Opens a log that is to begin anew, up to a crash. Also returns the first record, where that is there already. */
async function crashWhileResetting(
  places: SealedPlaces,
  changes = Number.POSITIVE_INFINITY,
  part = 0,
): Promise<{ begun: number; firstTry: string | null }> {
  if (changes === Number.POSITIVE_INFINITY) ask(places);
  const { appender, disk } = playAppender(places.path);
  const played = crashAfter(changes, disk, (length) =>
    length === 512 && part < 1 ? 0 : Math.floor(length * part),
  );
  const log = await places.open({ appender }).catch(() => null);
  played.over();
  await log?.close();
  const [first = null] = places.lines();
  return { begun: played.changes, firstTry: first?.includes('"event":"audit-reset"') ? first : null };
}

describe('a copy of a machine', () => {
  test('with state and log makes its own keys and its own chain, which says from what it was copied', async () => {
    const { places, old, last } = await makeUsed();
    const before = decodeKeyBlock(readFileSync(places.keys));
    const [firstSeal] = places.readSeals();
    await runDaemon(places, 1, { machine: ANOTHER_MACHINE });
    const [kept = ''] = keptFolders(places);
    expect(filesOf(join(places.folder, kept))).toEqual(old);
    expect(recordOf(places, 0)).toMatchObject({
      event: 'audit-reset',
      facts: {
        ...{ why: 'another-machine', uid: null, reason: null, kept_in: kept },
        previous: { seq: last.seq, hash: last.hash },
      },
    });
    expect(places.readSeals()[0]?.key).not.toEqual(firstSeal?.key);
    expect(readFileSync(places.keys).includes(before.secret)).toBe(false);
    expect(decodeKeyBlock(readFileSync(places.keys)).machine).toBe(ANOTHER_MACHINE);
    expect(sealProblem(places)).toBeNull();
  });

  test('with its state alone does the same', async () => {
    const { places, last } = await makeUsed();
    rmSync(places.path);
    rmSync(places.seals);
    await runDaemon(places, 1, { machine: ANOTHER_MACHINE });
    expect(recordOf(places, 0).facts).toMatchObject({
      ...{ why: 'another-machine', previous: null, kept_in: null },
      noted: { seq: last.seq, hash: last.hash },
    });
  });

  test('with its log alone is refused, as a lost state is', async () => {
    const { places } = await makeUsed();
    loseState(places);
    await expect(places.open({ machine: ANOTHER_MACHINE })).rejects.toThrow(
      'are missing in the state folder',
    );
  });

  test('that has no id to tell by is refused, and not taken for the one that the keys are bound to', async () => {
    const { places, old } = await makeUsed();
    await expect(places.open({ machine: null })).rejects.toThrow(
      'Cannot open the audit log: the keys of its seals are bound to a machine, and this one has no /etc/machine-id to tell by; `driverctl audit reset`',
    );
    expect(filesOf(places.folder)).toEqual(old);
    ask(places);
    await runDaemon(places, 0, { machine: null });
    expect(decodeKeyBlock(readFileSync(places.keys)).machine).toBeNull();
  });

  test('cannot be told where there was no id, as in a container: keys that are bound to nothing stay so', async () => {
    const places = makeSealedPlaces();
    await runDaemon(places, 1, { machine: null });
    const lines = places.lines();
    await runDaemon(places, 1, { machine: THIS_MACHINE });
    expect(places.lines().slice(0, lines.length)).toEqual(lines);
  });
});
