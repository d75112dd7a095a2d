import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLink } from '../../../../src/shared/audit/record.ts';
import { makeSecret, publicKeyOf } from '../../../../src/shared/audit/seals/ed25519.ts';
import { parseSeal } from '../../../../src/shared/audit/seals/seal.ts';
import type { VerificationKey } from '../../../../src/shared/audit/seals/verification-key.ts';
import { type SealedResult, verifySealedLog } from '../../../../src/shared/audit/seals/verify-sealed.ts';
import { rounds } from '../../../support/rounds.ts';
import {
  cutBack,
  type LaidOut,
  layOutLog,
  layOutState,
  type PlayedLog,
  placesIn,
  playLog,
  rechained,
  recordLine,
  sealLine,
} from './played-log.ts';

/**
 * Two attackers. The first can write the log's folder, seals included, and never saw the state folder. The second is root
 * today: the state folder is theirs to read and to write, with the secret of the epoch that is open, and no other, since
 * no other is there. Each tampers at random records of a log that is laid out as it was at a random moment.
 */
const SHAPE = { records: 240, sealEvery: 20, rotateEvery: 63 };
const genuine = playLog(SHAPE);
/** Another genuine log, of another host. */
const stranger = playLog(SHAPE);
const first: VerificationKey = { epoch: 1, key: publicKeyOf(genuine.secrets[1] ?? Buffer.alloc(0)) };

let folder: string;
let places: LaidOut;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'driverd-tamper-'));
  places = placesIn(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

function clear(): void {
  for (const part of ['log', 'state'])
    for (const name of readdirSync(join(folder, part))) rmSync(join(folder, part, name));
}

function verify(options: { state: boolean; keys?: readonly VerificationKey[] }): Promise<SealedResult> {
  const state = options.state ? places.state : null;
  return verifySealedLog(places.path, { state, keys: options.keys ?? [], rereads: 0 });
}

/** From `low` to `high`, both included. */
function random(low: number, high: number): number {
  return low + Math.floor(Math.random() * (high - low + 1));
}

type Files = Pick<PlayedLog, 'lines' | 'begins' | 'seals'>;

interface Tampered {
  readonly files: Files;
  /** The first record that is not as it was written, or not there. */
  readonly at: number;
}

const more = (facts: string): string => facts.replace('{', '{"more":1,');

function editByte(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length);
  const line = Buffer.from(log.lines[at - 1] ?? '');
  const offset = random(0, line.length - 1);
  const byte = line[offset] ?? 0;
  // Any other byte but a newline, which would make two lines.
  let other = random(0x20, 0x7e);
  if (other === byte) other = byte === 0x7e ? 0x20 : byte + 1;
  line[offset] = other;
  return { files: { ...log, lines: log.lines.with(at - 1, line.toString('latin1')) }, at };
}

function editRehashed(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length);
  const [changed = ''] = rechained(log.lines.slice(0, at), at, more).slice(-1);
  return { files: { ...log, lines: log.lines.with(at - 1, changed) }, at };
}

function remove(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length);
  const begins = log.begins.map((seq) => (seq > at ? seq - 1 : seq));
  return { files: { ...log, begins, lines: log.lines.toSpliced(at - 1, 1) }, at };
}

function insert(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length + 1);
  const forged = recordLine(log.lines.slice(0, at - 1), 'session', { session: at, uid: 0 });
  const begins = log.begins.map((seq) => (seq >= at && seq > 1 ? seq + 1 : seq));
  return { files: { ...log, begins, lines: log.lines.toSpliced(at - 1, 0, forged) }, at };
}

function swap(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length - 1);
  const other = random(at + 1, log.lines.length);
  const [one = '', two = ''] = [log.lines[at - 1], log.lines[other - 1]];
  return { files: { ...log, lines: log.lines.with(at - 1, two).with(other - 1, one) }, at };
}

function truncate(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length);
  const { lines, begins } = cutBack(log, at - 1);
  // At the end of a line or within it.
  const part = (log.lines[at - 1] ?? '').slice(0, random(0, 200));
  return {
    files: {
      ...log,
      lines: part === '' ? lines : [...lines, part],
      begins: begins.length === 0 ? [1] : begins,
    },
    at,
  };
}

function truncateLast(log: PlayedLog): Tampered {
  const at = log.lines.length;
  const { lines, begins } = cutBack(log, at - 1);
  return { files: { ...log, lines, begins: begins.length === 0 ? [1] : begins }, at };
}

/** With the seals that a cut log would have had: nobody who has no state can tell. */
function rollBack(log: PlayedLog): Tampered {
  const at = random(2, log.lines.length);
  return { files: cutBack(log, at - 1), at };
}

function replaceLog(log: PlayedLog): Tampered {
  return { files: { ...cutBack(stranger, log.lines.length), seals: log.seals }, at: 1 };
}

function replaceAll(log: PlayedLog): Tampered {
  return { files: cutBack(stranger, log.lines.length), at: 1 };
}

function rechain(log: PlayedLog): Tampered {
  const at = random(1, log.lines.length);
  return { files: { ...log, lines: rechained(log.lines, at, more) }, at };
}

function removeSeal(log: PlayedLog): Tampered {
  const epoch = random(1, log.seals.length);
  return {
    files: { ...log, seals: log.seals.toSpliced(epoch - 1, 1) },
    at: SHAPE.sealEvery * (epoch - 1) + 1,
  };
}

function swapSeals(log: PlayedLog): Tampered {
  const epoch = random(1, log.seals.length - 1);
  const other = random(epoch + 1, log.seals.length);
  const [one = '', two = ''] = [log.seals[epoch - 1], log.seals[other - 1]];
  const seals = log.seals.with(epoch - 1, two).with(other - 1, one);
  return { files: { ...log, seals }, at: SHAPE.sealEvery * (epoch - 1) + 1 };
}

function editSeal(log: PlayedLog): Tampered {
  const epoch = random(1, log.seals.length);
  const line = Buffer.from(log.seals[epoch - 1] ?? '');
  const offset = random(0, line.length - 1);
  line[offset] = line[offset] === 0x41 ? 0x42 : 0x41;
  const seals = log.seals.with(epoch - 1, line.toString('latin1'));
  return { files: { ...log, seals }, at: SHAPE.sealEvery * (epoch - 1) + 1 };
}

/** Chains anew from a record on, and seals every epoch from there on with one key. */
function resealWith(log: PlayedLog, signer: Buffer, from = random(1, log.seals.length)): Tampered {
  const at = SHAPE.sealEvery * (from - 1) + random(1, SHAPE.sealEvery - 1);
  // The seals' records name the next key: they are made anew too.
  const lines = log.lines.slice(0, at - 1);
  const seals = log.seals.slice(0, from - 1);
  for (let seq = at; seq <= log.lines.length; seq += 1) {
    const { event, facts } = JSON.parse(log.lines[seq - 1] ?? '');
    const isSeal = event === 'seal';
    const own = isSeal
      ? { epoch: seals.length + 1, next_key: publicKeyOf(signer).toString('base64') }
      : { ...facts, more: 1 };
    lines.push(recordLine(lines, event, own));
    if (isSeal) seals.push(sealLine(lines, seals, seq, signer, signer));
  }
  return { files: { ...log, lines, seals }, at };
}

/** The log at a random moment, with the state that belongs to it. */
function layOutAtRandom(atLeast = 2 * SHAPE.sealEvery): PlayedLog {
  clear();
  const log = cutBack(genuine, random(atLeast, SHAPE.records));
  layOutState(places, log);
  return log;
}

function sealedUpTo({ seals }: Files): number {
  return parseSeal(Buffer.from(seals.at(-1) ?? ''))?.seq ?? 0;
}

const COUNT = rounds('tampering');
const TIMEOUT_MS = 600_000;

describe('an attacker who can write the log and not the state', () => {
  const KINDS: readonly (readonly [string, (log: PlayedLog) => Tampered])[] = [
    ['edits a byte of a record', editByte],
    ['edits a record and hashes it anew', editRehashed],
    ['deletes a record', remove],
    ['inserts a well-chained record', insert],
    ['swaps two records', swap],
    ['truncates the log anywhere', truncate],
    ['truncates the last record alone', truncateLast],
    ['truncates log and seals together', rollBack],
    ['replaces all segments by another host’s', replaceLog],
    ['replaces segments and seals by another host’s', replaceAll],
    ['chains all anew from a record on', rechain],
    ['removes a seal', removeSeal],
    ['swaps two seals', swapSeals],
    ['edits a byte of a seal', editSeal],
    ['seals anew with a key of their own', (log) => resealWith(log, makeSecret())],
  ];

  test.each(KINDS)(
    '%s: found each time, and nothing from there on is called proven (invariant 12, A5, A7, A8)',
    async (title, tamper) => {
      const counts = { withState: 0, sealed: 0, withoutState: 0 };
      for (let round = 0; round < COUNT; round += 1) {
        const log = layOutAtRandom();
        const { files, at } = tamper(log);
        layOutLog(places, files);
        const here = await verify({ state: true });
        if (!here.ok && here.firstBad !== null && here.proven < at) counts.withState += 1;
        else expect({ title, at, length: log.lines.length, here }).toBe('found');
        // Who has no state sees what was sealed, and says so of the rest.
        const elsewhere = await verify({ state: false, keys: [first] });
        if (at > sealedUpTo(files)) continue;
        counts.sealed += 1;
        if (!elsewhere.ok && elsewhere.proven < at) counts.withoutState += 1;
        else expect({ title, at, length: log.lines.length, elsewhere }).toBe('found');
      }
      process.stdout.write(
        `${title}: ${counts.withState} of ${COUNT} found with the state, ${counts.withoutState} of ${counts.sealed} sealed ones without it\n`,
      );
      expect(counts.withState).toBe(COUNT);
      expect(counts.withoutState).toBe(counts.sealed);
    },
    TIMEOUT_MS,
  );

  test('deletes the first record of a log of one segment: what follows it is not called proven (A7, A8)', async () => {
    clear();
    const log = cutBack(genuine, SHAPE.rotateEvery - 1);
    layOutLog(places, { ...log, lines: log.lines.slice(1) });
    expect(await verify({ state: false, keys: [first] })).toMatchObject({ ok: false, proven: 0 });
  });

  test('swaps the first record with a sealed one of the same segment: that one is not called proven (A7, A8)', async () => {
    clear();
    const log = cutBack(genuine, SHAPE.rotateEvery - 1);
    layOutState(places, log);
    const at = SHAPE.sealEvery;
    const [one = '', other = ''] = [log.lines[0], log.lines[at - 1]];
    expect(readLink(Buffer.from(other))?.event).toBe('seal');
    layOutLog(places, { ...log, lines: log.lines.with(0, other).with(at - 1, one) });
    for (const state of [true, false])
      expect(await verify({ state, keys: [first] })).toMatchObject({ ok: false, proven: 0 });
  });

  test(
    'who cuts log and seals back to an earlier seal is found by a key that was kept of a later epoch',
    async () => {
      let found = 0;
      for (let round = 0; round < COUNT; round += 1) {
        const log = layOutAtRandom(3 * SHAPE.sealEvery);
        const kept = log.seals.length + 1;
        const keys = [first, { epoch: kept, key: publicKeyOf(log.secrets[kept] ?? Buffer.alloc(0)) }];
        layOutLog(places, cutBack(log, random(SHAPE.sealEvery, SHAPE.sealEvery * log.seals.length - 1)));
        // The control: without the later key nothing is wrong with what is left.
        expect((await verify({ state: false, keys: [first] })).ok).toBe(true);
        if ((await verify({ state: false, keys })).firstBad?.what === 'truncated') found += 1;
      }
      expect(found).toBe(COUNT);
    },
    TIMEOUT_MS,
  );
});

/** Removes the oldest segments, and adds the record with which retention says that it did. */
function removeOldest(log: PlayedLog): Files {
  const index = random(1, log.begins.length - 1);
  const last = (log.begins[index] ?? 1) - 1;
  const removed = log.begins.slice(0, index).map((seq, place) => ({
    ...{ name: `audit-${seq}`, first_seq: seq, last_seq: (log.begins[place + 1] ?? 1) - 1 },
  }));
  const { hash = '' } = JSON.parse(log.lines[last - 1] ?? '{}') as { hash?: string };
  const said = recordLine(log.lines, 'retention', { removed, last_seq: last, last_hash: hash, why: 'size' });
  return { ...log, lines: [...log.lines, said], begins: log.begins.slice(index) };
}

test('who removes the oldest segments, and writes behind the last seal that retention did, is found with the state and without (A7)', async () => {
  for (let round = 0; round < COUNT; round += 1) {
    const log = layOutAtRandom(2 * SHAPE.rotateEvery);
    layOutLog(places, removeOldest(log));
    expect((await verify({ state: true })).firstBad?.what).toBe('appended');
    const { firstBad, proven } = await verify({ state: false, keys: [first] });
    expect({ firstBad, proven }).toMatchObject({ firstBad: { what: 'missing', seq: 1 }, proven: 0 });
  }
}, 600_000);

describe('an attacker who is root today', () => {
  /** The state as they would leave it: it knows their log as the true one. */
  function layOutTampered({ files }: Tampered, open: Buffer): void {
    layOutLog(places, files);
    const secrets = Array.from({ length: files.seals.length + 2 }, () => open);
    layOutState(places, { ...files, secrets });
  }

  test(
    'and seals old records with today’s key is found, by whoever reads the seals (CVE-2023-31438, A7)',
    async () => {
      let found = 0;
      for (let round = 0; round < COUNT; round += 1) {
        const log = layOutAtRandom();
        const today = log.secrets[log.seals.length + 1] ?? Buffer.alloc(0);
        const tampered = resealWith(log, today, random(2, log.seals.length));
        layOutTampered(tampered, today);
        const results = [await verify({ state: true }), await verify({ state: false })];
        for (const { ok, firstBad, proven } of results) {
          if (!ok && firstBad?.what === 'resealed' && proven < tampered.at) found += 1;
          else expect({ at: tampered.at, firstBad, proven }).toBe('found');
        }
      }
      process.stdout.write(
        `sealed with today’s key: ${found} of ${2 * COUNT} found, with the state and without\n`,
      );
      expect(found).toBe(2 * COUNT);
    },
    TIMEOUT_MS,
  );

  test(
    'and makes all anew from the first record on is found by the first key that was kept, and by nothing else here (A7)',
    async () => {
      let found = 0;
      for (let round = 0; round < COUNT; round += 1) {
        const log = layOutAtRandom();
        const own = makeSecret();
        layOutTampered(resealWith(log, own, 1), own);
        // The control: no key, no state that they did not write, nothing to compare with.
        expect((await verify({ state: true })).ok).toBe(true);
        const results = [
          await verify({ state: true, keys: [first] }),
          await verify({ state: false, keys: [first] }),
        ];
        for (const { ok, firstBad, proven } of results) {
          if (!ok && firstBad?.what === 'resealed' && proven === 0) found += 1;
        }
      }
      process.stdout.write(`made anew from the start: ${found} of ${2 * COUNT} found by the first key\n`);
      expect(found).toBe(2 * COUNT);
    },
    TIMEOUT_MS,
  );

  test(
    'and puts log, seals and state back to an earlier epoch is found: its secret is not there any more',
    async () => {
      let found = 0;
      for (let round = 0; round < COUNT; round += 1) {
        const log = layOutAtRandom(3 * SHAPE.sealEvery);
        const today = log.secrets[log.seals.length + 1] ?? Buffer.alloc(0);
        const at = SHAPE.sealEvery * random(1, log.seals.length - 1);
        layOutTampered({ files: cutBack(log, at), at: at + 1 }, today);
        if ((await verify({ state: true })).firstBad?.what === 'resealed') found += 1;
      }
      process.stdout.write(`log, seals and state put back: ${found} of ${COUNT} found with the state\n`);
      expect(found).toBe(COUNT);
    },
    TIMEOUT_MS,
  );

  test('can write anew the epoch that is open, and nothing before it', async () => {
    const log = layOutAtRandom();
    const sealed = sealedUpTo(log);
    const lines = [...log.lines.slice(0, sealed)];
    for (let count = 0; count < 5; count += 1) lines.push(recordLine(lines, 'session', { forged: count }));
    const files = { ...log, lines, begins: log.begins.filter((seq) => seq <= sealed) };
    layOutTampered({ files, at: sealed + 1 }, log.secrets[log.seals.length + 1] ?? Buffer.alloc(0));
    expect(await verify({ state: true, keys: [first] })).toMatchObject({ ok: true, proven: sealed + 5 });
  });
});
