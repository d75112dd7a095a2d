import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { fingerprintOf } from '../../../src/shared/audit/seals/verification-key.ts';
import { makeFolder } from '../../shared/audit/made-log.ts';
import { layOutLog, placesIn, playLog } from '../../shared/audit/seals/played-log.ts';
import { makeSealedPlaces, runDaemon, type SealedPlaces } from '../../shared/audit/seals/sealed-places.ts';
import { type Ran, run } from '../played-surroundings.ts';

let places: SealedPlaces;
let elsewhere: string;
beforeEach(async () => {
  places = makeSealedPlaces();
  for (let count = 0; count < 2; count += 1) await runDaemon(places, 3);
  elsewhere = join(makeFolder(), 'copy');
  mkdirSync(elsewhere);
});

const verify = (words: readonly string[], environment = {}): Promise<Ran> =>
  run(['audit', 'verify', ...words], { terminal: true, environment });
const here = (): string[] => ['--log', places.path, '--state', places.state];

/** Copies the log, and not the state. */
function copy(): string {
  cpSync(places.folder, elsewhere, { recursive: true });
  return elsewhere;
}

async function keepKey(...which: string[]): Promise<string> {
  const file = join(elsewhere, 'kept-key');
  writeFileSync(file, (await run(['audit', 'key', '--log', places.path, ...which])).stdout);
  return file;
}

function firstKey(): string {
  return fingerprintOf(places.readSeals()[0]?.key ?? Buffer.alloc(0));
}

describe('with the state folder', () => {
  test('a log is proven to its end, and its first key is shown to be compared', async () => {
    const { status, stdout } = await verify(here());
    expect(status).toBe(0);
    const [whole = '', sealed = '', key = '', ...rest] = stdout.trimEnd().split('\n');
    expect(whole).toBe(`${places.path} is whole: ${places.lines().length} records, 0 of them recoveries`);
    expect(sealed).toMatch(/^Sealed 4 times, the last time epoch 4 with record \d+ at 20\d\d-/);
    expect(key).toBe(`Its first key is ${firstKey()}: compare it with the one that was kept, or use --key`);
    expect(rest).toEqual([]);
  });

  test('and a key that was kept it is proven by both', async () => {
    const { status, stdout } = await verify([...here(), '--key', await keepKey()]);
    expect(status).toBe(0);
    expect(stdout).toContain('Every key that was kept is that of its seal: epoch 1\n');
    expect(stdout).not.toContain('compare it');
  });

  test.each([
    ['removed', (path: string) => rmSync(path), 'the file of'],
    ['emptied', (path: string) => truncateSync(path), 'missing'],
    [
      'cut by their last line',
      cutLastLine,
      'truncated: the seals end with epoch 3, and the state folder knows 4',
    ],
    [
      'followed by something',
      (path: string) => writeFileSync(path, '{}\n', { flag: 'a' }),
      'edited: the seal of epoch 5',
    ],
    [
      'garbage',
      (path: string) => writeFileSync(path, 'garbage\n'),
      'edited: the seal of epoch 1: the line is not in the form of a seal',
    ],
  ])('seals that were %s are found (invariant 12)', async (_title, change, why) => {
    change(places.seals);
    const { status, stderr } = await verify(here());
    expect(status).toBe(9);
    expect(stderr).toMatch(/^driverctl: Cannot prove [^\n]*: the first bad record is \d+ [^\n]*\n$/);
    if (why !== 'the file of') expect(stderr).toContain(why);
    else expect(stderr).toContain('its seal is missing: there is no audit-seals.jsonl');
  });

  test('seals of another log are named as what they may be', async () => {
    const other = makeSealedPlaces();
    await runDaemon(other, 3);
    cpSync(other.seals, places.seals);
    for (const words of [here(), [copy()]]) {
      const { status, stderr } = await verify(words);
      expect(status).toBe(9);
      expect(stderr).toMatch(/: edited: the seal of epoch 1 knows another record \d+: /);
      expect(stderr).toContain("or the seals are another log's");
    }
  });

  test('that is another’s no log is proven', async () => {
    const other = makeSealedPlaces();
    await runDaemon(other, 30);
    const { status } = await verify(['--log', places.path, '--state', other.state]);
    expect(status).toBe(9);
  });
});

function cutLastLine(path: string): void {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -2);
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

describe('without the state folder', () => {
  test('a copy is proven as far as it is sealed, and it says so plainly', async () => {
    // A daemon that was killed: records stand behind the last seal.
    const log = await places.open();
    await log.append('daemon-start', {}, {}, true);
    for (let count = 0; count < 40; count += 1) await log.append('session', {}, {}, true);
    copy();
    await log.close();
    const { status, stdout } = await verify([elsewhere]);
    expect(status).toBe(0);
    const [whole, behind] = stdout.split('\n');
    const [, proven = '', total = ''] =
      /whole up to record (\d+), the last one proven: (\d+) records/.exec(whole ?? '') ?? [];
    expect(Number(total)).toBeGreaterThan(Number(proven) + 20);
    expect(behind).toBe(
      `${Number(total) - Number(proven)} records stand behind it unproven; whether more were cut off its end cannot be told without the state folder (a copy has none)`,
    );
    const json = JSON.parse((await verify([elsewhere, '--json'])).stdout);
    expect(json).toMatchObject({
      ...{ ok: true, tail: 'unproven', proven: Number(proven), unproven: Number(total) - Number(proven) },
      ...{ state: false, keys: 0, seals: { first_key: firstKey() } },
    });
  });

  test('a copy is held against a key that was kept, of any epoch, and refused by another log’s', async () => {
    copy();
    for (const which of [[], ['--epoch', '3'], ['--current']]) {
      expect((await verify([elsewhere, '--key', await keepKey(...which)])).status).toBe(0);
    }
    const other = makeSealedPlaces();
    await runDaemon(other, 1);
    const file = join(elsewhere, 'other-key');
    writeFileSync(file, (await run(['audit', 'key', '--log', other.path])).stdout);
    const { status, stdout, stderr } = await verify([elsewhere, '--key', file]);
    expect(status).toBe(9);
    expect(stdout).toMatch(/^No record is proven\n/);
    expect(stderr).toContain(
      `resealed: the seal of epoch 1: its key is ${firstKey()}, and the one that was kept is SHA256:`,
    );
  });

  test('a copy that was cut back is refused by a key of a later epoch', async () => {
    const key = await keepKey('--current');
    copy();
    const seals = join(elsewhere, basename(places.seals));
    const [first = ''] = readFileSync(seals, 'utf8').split('\n');
    writeFileSync(seals, `${first}\n`);
    const log = join(elsewhere, basename(places.path));
    const upTo = places.readSeals()[0]?.seq ?? 0;
    writeFileSync(log, `${places.lines().slice(0, upTo).join('\n')}\n`);
    // The control: nothing in it says that more was there.
    expect((await verify([elsewhere])).status).toBe(0);
    const { status, stderr } = await verify([elsewhere, '--key', key]);
    expect(status).toBe(9);
    expect(stderr).toContain('truncated: the seals end with epoch 1, and a key of epoch 5 was kept');
  });

  test('single segments are proven as a part of a log, also compressed ones', async () => {
    const base = makeFolder();
    const played = playLog({ records: 100, sealEvery: 10, rotateEvery: 33 });
    const { path } = placesIn(base);
    layOutLog({ path, state: '' }, played);
    const folder = join(base, 'log');
    const segments = readdirSync(folder)
      .filter((name) => /\d{16}/.test(name))
      .sort();
    expect(segments.map((name) => name.replace(/^audit-0*/, ''))).toEqual([
      '1.jsonl.gz',
      '33.jsonl.gz',
      '66.jsonl',
    ]);
    rmSync(join(folder, segments[0] ?? ''));
    rmSync(join(folder, segments[2] ?? ''));
    rmSync(path);
    const file = join(folder, segments[1] ?? '');
    const json = JSON.parse((await verify([file, join(folder, 'audit-seals.jsonl'), '--json'])).stdout);
    // Records 33 to 65: the last seal among them is of record 60.
    expect(json).toMatchObject({ ok: true, begins: 33, records: 33, proven: 60, unproven: 5 });
    // As a whole log it has a gap.
    expect((await verify([folder])).status).toBe(9);
  });

  test('a log whose beginning is missing is refused, unless it is given as a part', async () => {
    copy();
    const log = join(elsewhere, basename(places.path));
    writeFileSync(log, `${places.lines().slice(2).join('\n')}\n`);
    expect((await verify([elsewhere])).status).toBe(9);
    expect((await verify([log])).status).toBe(0);
  });

  test('a copy in which nothing is sealed, or no seals are, is no verdict', async () => {
    copy();
    const seals = join(elsewhere, basename(places.seals));
    truncateSync(seals);
    const [first = ''] = places.lines();
    writeFileSync(join(elsewhere, basename(places.path)), `${first}\n`);
    const unsealed = await verify([elsewhere]);
    expect(unsealed.status).toBe(10);
    expect(unsealed.stderr).toContain(
      'none of its records is sealed, and there is no state folder to prove them by',
    );
    rmSync(seals);
    const without = await verify([elsewhere]);
    expect(without.status).toBe(10);
    expect(without.stderr).toContain(
      'there is no audit-seals.jsonl, and no state folder to prove the log by',
    );
  });

  test.each([
    ['/nowhere', 10, 'it does not exist'],
    ['--key=/nowhere', 10, 'Cannot read the key /nowhere: it does not exist'],
  ])('%s is an error and no verdict', async (word, status, why) => {
    const ran = await verify([...(word.startsWith('--') ? [copy()] : []), word]);
    expect(ran.status).toBe(status);
    expect(ran.stderr).toContain(why);
  });

  test('files of two logs, and a folder that holds two, are not guessed at', async () => {
    copy();
    const two = await verify([join(elsewhere, 'audit.jsonl'), places.path]);
    expect(two).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('the files are of more than one log'),
    });
    writeFileSync(join(elsewhere, 'other-seals.jsonl'), '');
    const folder = await verify([elsewhere]);
    expect(folder).toMatchObject({ status: 2, stderr: expect.stringContaining('holds more than one log') });
  });

  test('a key file of garbage is refused', async () => {
    copy();
    const file = join(elsewhere, 'garbage');
    writeFileSync(file, 'garbage\n');
    const { status, stderr } = await verify([elsewhere, '--key', file]);
    expect(status).toBe(10);
    expect(stderr).toContain('line 1 is no key as `driverctl audit key` prints it');
  });
});

describe('a log that began anew', () => {
  test('says so, with who asked and where the old one is, which can be verified as well', async () => {
    await run(['audit', 'reset', '--state', places.state, '--reason', 'a \u001b[31mdisk']);
    await runDaemon(places, 1);
    const { status, stdout } = await verify(here());
    expect(status).toBe(0);
    const [kept = ''] = readdirSync(places.folder).filter((name) => name.startsWith('audit-before-'));
    expect(stdout).toContain(
      `It begins with a reset, asked for (a \\x1b[31mdisk): what was before is kept in ${kept}\n`,
    );
    expect((await verify([join(places.folder, kept)])).status).toBe(0);
  });
});
