import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import {
  decodeHeadNote,
  EMPTY_HEAD,
  encodeHeadNote,
  type HeadNote,
} from '../../../src/shared/audit/head-note.ts';
import { parseRecord } from '../../../src/shared/audit/record.ts';
import { listSegments, segmentPath } from '../../../src/shared/audit/segments.ts';
import {
  auditSettings,
  extend,
  forgeNext,
  makeFolder,
  makeLog,
  makePlaces,
  type Places,
  rewrite,
} from '../../shared/audit/made-log.ts';

const anyFile = await open('/dev/null');
const files = Object.getPrototypeOf(anyFile) as FileHandle;
await anyFile.close();

const ANOTHER_BOOT = '00000000-0000-4000-8000-000000000000';

function readNote(places: Places): HeadNote {
  return decodeHeadNote(readFileSync(places.head));
}

function writeNote(places: Places, note: HeadNote): void {
  writeFileSync(places.head, encodeHeadNote(note));
}

test.each(['write', 'sync'] as const)(
  'a first start that cannot %s its head note leaves none, so that the next one begins (A1)',
  async (method) => {
    const places = makePlaces();
    const full = Object.assign(new Error('ENOSPC: made by the test'), { code: 'ENOSPC' });
    vi.spyOn(files, method).mockRejectedValueOnce(full);
    await expect(places.open()).rejects.toThrow('ENOSPC');
    vi.restoreAllMocks();
    await extend(places, 2);
    expect(await places.verify()).toMatchObject({ ok: true, records: 2 });
  },
);

/** A log as a daemon leaves it that ends while it writes records 3 to 5 behind the confirmed record 2. */
async function makeLogInWriting(): Promise<{
  places: Places;
  confirmed: number;
  whole: Buffer;
  note: HeadNote;
}> {
  const places = await makeLog(2);
  const before = readNote(places);
  const confirmed = places.bytes().length;
  await extend(places, 3);
  const note = { ...before, writing: readNote(places).standing };
  return { places, confirmed, whole: places.bytes(), note };
}

async function recoveryOf(places: Places): Promise<ReturnType<typeof parseRecord>> {
  const lines = (await places.allLines()).filter((line) => line.includes('"event":"recovery"'));
  expect(lines).toHaveLength(1);
  return parseRecord(Buffer.from(lines[0] ?? ''));
}

describe('a daemon that ended while writing', () => {
  test('left the log cut at any byte: it is taken up, the rest kept and declared (A2)', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const ends = [...whole.entries()].filter(([, byte]) => byte === 0x0a).map(([offset]) => offset + 1);
    for (let length = confirmed; length <= whole.length; length += 1) {
      for (const { path } of await listSegments(places.path)) rmSync(path);
      writeFileSync(places.path, whole.subarray(0, length), { mode: 0o640 });
      writeNote(places, note);
      await (await places.open()).close();
      // Cut before its newline, a record is whole all the same.
      const closed = ends.includes(length + 1) ? length + 1 : length;
      const records = ends.filter((end) => end <= closed).length;
      const torn = closed - (ends.filter((end) => end <= closed).at(-1) ?? 0);
      // Behind a fragment the log goes on in a new segment.
      const rotations = torn === 0 ? 0 : 1;
      expect(await places.verify()).toMatchObject({
        ok: true,
        records: records + 1 + rotations,
        recoveries: 1,
      });
      const [oldest] = await listSegments(places.path);
      expect(readFileSync(oldest?.path ?? '').subarray(0, length)).toEqual(whole.subarray(0, length));
      expect(await listSegments(places.path)).toHaveLength(1 + rotations);
      expect((await recoveryOf(places)).facts).toMatchObject({
        ...{ why: 'ended', confirmed: 2, added: records - 2, missing: 5 - records },
        ...{
          fragment: torn === 0 ? null : { bytes: torn, offset: length - torn },
          newline_added: !ends.includes(length),
        },
      });
    }
  }, 600_000);

  test('left less than what was confirmed: it is refused, and the record named', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    writeFileSync(places.path, whole.subarray(0, confirmed - 1));
    writeNote(places, note);
    await expect(places.open()).rejects.toThrow(
      'Cannot open the audit log: record 2 (audit.jsonl, line 2) is bad (truncated)',
    );
  });

  test('left a whole record that is not the announced one: it is refused', async () => {
    const { places, note } = await makeLogInWriting();
    const lines = places.lines().slice(0, 2);
    for (let more = 0; more < 3; more += 1) lines.push(forgeNext(lines.at(-1)));
    rewrite(places, lines);
    writeNote(places, note);
    await expect(places.open()).rejects.toThrow(
      'Cannot open the audit log: record 3 (audit.jsonl, line 3) is bad (appended)',
    );
  });

  test('left a whole record that was edited: it is refused', async () => {
    const { places, note } = await makeLogInWriting();
    writeFileSync(places.path, places.bytes().toString().replace('"reason":"r3"', '"reason":"r4"'));
    writeNote(places, note);
    await expect(places.open()).rejects.toThrow('Cannot open the audit log: ');
  });
});

describe('a power cut', () => {
  test('that took the later notes leaves a longer log: its whole, linked records are taken up as added', async () => {
    const places = await makeLog(2);
    const note = readNote(places);
    await extend(places, 3);
    writeNote(places, { ...note, boot: ANOTHER_BOOT });
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 6, recoveries: 1 });
    expect((await recoveryOf(places)).facts).toMatchObject({
      why: 'rebooted',
      confirmed: 2,
      added: 3,
      missing: 0,
    });
  });

  test('that took records which were never synced leaves a shorter log: it is taken up from the synced one', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const standing = note.writing ?? note.standing;
    writeFileSync(places.path, whole.subarray(0, confirmed + 10));
    writeNote(places, { segment: 1, boot: ANOTHER_BOOT, durable: note.standing, standing, writing: null });
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 4, recoveries: 1 });
    expect((await recoveryOf(places)).facts).toMatchObject({
      why: 'rebooted',
      durable: 2,
      missing: 3,
      fragment: { bytes: 10 },
    });
  });

  test('that comes again before the next boot has its note on disk leaves another log behind the synced record: it is taken up', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const standing = note.writing ?? note.standing;
    const lost = { segment: 1, boot: ANOTHER_BOOT, durable: note.standing, standing, writing: null };
    writeFileSync(places.path, whole.subarray(0, confirmed));
    writeNote(places, lost);
    await extend(places, 5);
    expect(places.bytes().length).toBeGreaterThan(standing.bytes);
    writeNote(places, lost);
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 9, recoveries: 2 });
  });

  test('that left the length of what was never synced and zeros for its bytes: they are kept and declared', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const standing = note.writing ?? note.standing;
    writeFileSync(places.path, Buffer.concat([whole.subarray(0, confirmed), Buffer.alloc(4096)]));
    writeNote(places, { segment: 1, boot: ANOTHER_BOOT, durable: note.standing, standing, writing: null });
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 4, recoveries: 1 });
    expect((await recoveryOf(places)).facts).toMatchObject({
      ...{ why: 'rebooted', durable: 2, missing: 3 },
      fragment: { bytes: 4096, offset: confirmed },
    });
  });

  test('that took bytes in the middle of what was never synced: all from there on is kept and declared', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const standing = note.writing ?? note.standing;
    writeFileSync(places.path, Buffer.from(whole).fill(0, confirmed + 100, confirmed + 200));
    writeNote(places, { segment: 1, boot: ANOTHER_BOOT, durable: note.standing, standing, writing: null });
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 4, recoveries: 1 });
    expect((await recoveryOf(places)).facts).toMatchObject({
      ...{ why: 'rebooted', durable: 2, missing: 3 },
      fragment: { bytes: whole.length - confirmed - 1, offset: confirmed },
    });
  });

  test('is no excuse for a hole within one boot, nor in what was synced', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const standing = note.writing ?? note.standing;
    for (const more of [
      { kept: 1000, note: { ...note, writing: standing } },
      { kept: 100, note: { boot: ANOTHER_BOOT, durable: standing, standing, writing: null } },
    ]) {
      writeFileSync(places.path, Buffer.from(whole).fill(0, confirmed + 100, whole.length - more.kept));
      writeNote(places, { segment: 1, ...more.note });
      await expect(places.open()).rejects.toThrow('record 3 (audit.jsonl, line 3) is bad');
    }
  });

  test('is no excuse within one boot, nor for a record that was synced', async () => {
    const { places, confirmed, whole, note } = await makeLogInWriting();
    const standing = note.writing ?? note.standing;
    writeFileSync(places.path, whole.subarray(0, confirmed));
    writeNote(places, { segment: 1, boot: note.boot, durable: note.standing, standing, writing: null });
    await expect(places.open()).rejects.toThrow('record 3 (audit.jsonl, line 3) is bad (truncated)');
    writeNote(places, { segment: 1, boot: ANOTHER_BOOT, durable: standing, standing, writing: null });
    await expect(places.open()).rejects.toThrow('record 3 (audit.jsonl, line 3) is bad (truncated)');
  });
});

describe('a log that is not as it was left', () => {
  test('is taken up where whole, linked records were added, and says so', async () => {
    const places = await makeLog(2);
    rewrite(places, [...places.lines(), forgeNext(places.lines().at(-1))]);
    expect((await places.verify()).ok).toBe(false);
    await (await places.open()).close();
    expect((await recoveryOf(places)).facts).toMatchObject({
      why: 'ended',
      confirmed: 2,
      added: 1,
      missing: 0,
    });
  });

  test('is taken up with half a line behind it, which is kept and declared (A2)', async () => {
    const places = await makeLog(2);
    appendFileSync(places.path, '{"version":1,"seq":3,"ti');
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, records: 4, recoveries: 1 });
    expect((await recoveryOf(places)).facts).toMatchObject({
      ...{ added: 0, missing: 0, fragment: { bytes: 24 }, newline_added: true },
    });
  });

  test.each([
    ['a line of anything was appended', (lines: string[]) => [...lines, 'anything'], 'record 4'],
    [
      'its last record was edited',
      (lines: string[]) => lines.with(2, (lines[2] ?? '').replace('r3', 'r4')),
      'record 3 (audit.jsonl, line 3)',
    ],
    [
      'its last record was cut off',
      (lines: string[]) => lines.slice(0, 2),
      'record 3 (audit.jsonl, line 3) is bad (truncated)',
    ],
    [
      'an edited record was appended',
      (lines: string[]) => [...lines, (lines[2] ?? '').replace('r3', 'r4')],
      'record 4',
    ],
    ['a record was appended that is not linked', (lines: string[]) => [...lines, lines[1] ?? ''], 'record 4'],
  ])('is refused where %s (invariant 12)', async (_title, change, message) => {
    const places = await makeLog(3);
    rewrite(places, change(places.lines()));
    await expect(places.open()).rejects.toThrow(`Cannot open the audit log: ${message}`);
  });

  test('is refused where it is gone, or its head note is', async () => {
    const places = await makeLog(2);
    renameSync(places.path, `${places.path}.away`);
    await expect(places.open()).rejects.toThrow(
      'Cannot open the audit log: record 1 (audit.jsonl, line 1) is bad (missing)',
    );
    renameSync(`${places.path}.away`, places.path);
    const note = readFileSync(places.head);
    rmSync(places.head);
    await expect(places.open()).rejects.toThrow(
      'Cannot open the audit log: the log exists and its head note is missing',
    );
    writeFileSync(places.head, note.subarray(0, 200), { mode: 0o600 });
    await expect(places.open()).rejects.toThrow('Cannot open the audit log: Cannot read the audit head note');
  });
});

describe('segments that are not as they were left', () => {
  /** Three segments; the last was begun, and its first record not written. */
  async function makeBegun(): Promise<Places> {
    const places = makePlaces();
    for (let run = 0; run < 2; run += 1) {
      const settings = auditSettings({ rotate_bytes: 1, compress: false });
      const log = await places.open({ settings: () => settings });
      await log.append('session', { run }, {}, true);
      await log.append('session', { run }, {}, true);
      await log.close();
    }
    const note = readNote(places);
    const rotation = parseRecord(Buffer.from(places.lines()[0] ?? ''));
    const begin = { seq: note.segment - 1, hash: rotation.prev, bytes: 0 };
    writeFileSync(places.path, '');
    writeNote(places, { ...note, durable: begin, standing: begin, writing: null });
    return places;
  }

  test('are refused where the head note is gone and closed ones are there', async () => {
    const places = await makeBegun();
    rmSync(places.path);
    const closed = await listSegments(places.path);
    const note = readFileSync(places.head);
    rmSync(places.head);
    await expect(places.open()).rejects.toThrow('the log exists and its head note is missing');
    const fresh = { segment: 1, durable: EMPTY_HEAD, standing: EMPTY_HEAD, writing: null };
    writeFileSync(places.head, note, { mode: 0o600 });
    writeNote(places, { ...readNote(places), ...fresh });
    await expect(places.open()).rejects.toThrow('Cannot open the audit log: ');
    expect(await listSegments(places.path)).toEqual(closed);
  });

  test('are refused where the one before a segment without a record is gone, or ends otherwise', async () => {
    const places = await makeBegun();
    const last = (await listSegments(places.path)).at(-2)?.path ?? '';
    const whole = readFileSync(last);
    writeFileSync(last, whole.subarray(0, -1));
    await expect(places.open()).rejects.toThrow('Cannot open the audit log: ');
    rmSync(last);
    await expect(places.open()).rejects.toThrow('Cannot open the audit log: ');
    writeFileSync(last, whole, { mode: 0o640 });
    await (await places.open()).close();
    expect(await places.verify()).toMatchObject({ ok: true, recoveries: 0 });
    const first = parseRecord(Buffer.from(places.lines()[0] ?? ''));
    expect(first).toMatchObject({ event: 'rotation', facts: { why: 'unfinished' } });
  });

  test('are refused where a rotation had closed one, and something stands in the new one', async () => {
    const places = await makeLog(3);
    const closed = segmentPath(places.path, 1);
    renameSync(places.path, closed);
    writeFileSync(places.path, 'anything\n', { mode: 0o640 });
    await expect(places.open()).rejects.toThrow('Cannot open the audit log: ');
    expect(readFileSync(places.path, 'utf8')).toBe('anything\n');
  });
});

describe('the files', () => {
  test('of a new log are made with their modes, whatever the umask', async () => {
    const places = makePlaces();
    const umask = process.umask(0o077);
    await (await places.open()).close();
    process.umask(umask);
    expect(statSync(places.path).mode & 0o7777).toBe(0o640);
    expect(statSync(places.head).mode & 0o7777).toBe(0o600);
  });

  const BAD: [string, (path: string, folder: string) => void, string][] = [
    ['a symbolic link', (path, folder) => symlinkSync(join(folder, 'other'), path), 'is a symbolic link'],
    ['a file with a second name', (path) => linkSync(path, `${path}.too`), 'has 2 hard links'],
    ['a FIFO', (path) => execFileSync('mkfifo', ['-m', '0600', path]), 'is not a regular file'],
    ['a folder', (path) => mkdirSync(path, { mode: 0o700 }), 'is not a regular file'],
    ['writable for the group', (path) => chmodSync(path, 0o660), 'has mode 0660, and may have 0640 at most'],
    ['readable for all', (path) => chmodSync(path, 0o644), 'has mode 0644'],
    ['setgid', (path) => chmodSync(path, 0o2640), 'has mode 02640'],
  ];

  test.each(BAD)('are refused: the log is %s (A10)', async (title, make, why) => {
    const places = await makeLog(1);
    if (/link$|FIFO|folder/.test(title)) rmSync(places.path);
    make(places.path, places.folder);
    await expect(places.open()).rejects.toThrow(`Cannot open the audit log: the log ${why}`);
  });

  test('are refused where others can write in their folder, or read the head note (A10)', async () => {
    const places = await makeLog(1);
    chmodSync(places.head, 0o640);
    await expect(places.open()).rejects.toThrow('the head note has mode 0640, and may have 0600 at most');
    chmodSync(places.head, 0o600);
    chmodSync(places.folder, 0o770);
    await expect(places.open()).rejects.toThrow('others can write in it');
  });

  test('are refused where the folder is a symbolic link (A10)', async () => {
    const places = await makeLog(1);
    const link = join(makeFolder(), 'link');
    symlinkSync(places.folder, link);
    await expect(places.open({ path: join(link, 'audit.jsonl') })).rejects.toThrow(
      'the folder of the log is not a folder',
    );
  });

  test('leave no descriptor open after a refusal', async () => {
    const places = await makeLog(1);
    appendFileSync(places.path, 'x\n');
    await expect(places.open()).rejects.toThrow('Cannot open');
    expect(openedFiles().filter((path) => path.includes(places.folder))).toEqual([]);
  });
});

/** What this process has open; descriptors come and go while the folder is read. */
function openedFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      return [readlinkSync(`/proc/self/fd/${name}`)];
    } catch {
      return [];
    }
  });
}
