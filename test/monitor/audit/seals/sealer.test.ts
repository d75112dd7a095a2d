import { renameSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { type AuditLog, type AuditSettings, openAuditLog } from '../../../../src/monitor/audit/log.ts';
import { openSeals } from '../../../../src/monitor/audit/seals/open-seals.ts';
import type { SealStore } from '../../../../src/monitor/audit/seals/seal-store.ts';
import { createSealer, type SealedLog, type SealLimits } from '../../../../src/monitor/audit/seals/sealer.ts';
import { AuditUnavailable } from '../../../../src/monitor/audit/unavailable.ts';
import { parseRecord } from '../../../../src/shared/audit/record.ts';
import { verifySealedLog } from '../../../../src/shared/audit/seals/verify-sealed.ts';
import { auditSettings } from '../../../shared/audit/made-log.ts';
import {
  makeSealedPlaces,
  type SealedPlaces,
  sealProblem,
} from '../../../shared/audit/seals/sealed-places.ts';
import { startAppendingThread } from '../../../support/appending-thread.ts';
import { patience } from '../../../support/patience.ts';

const anyFile = await open('/dev/null');
const files = Object.getPrototypeOf(anyFile) as FileHandle;
await anyFile.close();

afterEach(() => {
  vi.restoreAllMocks();
});

const WITHIN_MS = 20_000 * patience;

function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, WITHIN_MS);
}

const NEVER: SealLimits = { records: 1_000_000, seconds: 86_400 };

async function openWith(
  places: SealedPlaces,
  limits: () => SealLimits,
  { stallMs = 5000, ...more }: Partial<AuditSettings> & { readonly stallMs?: number } = {},
): Promise<AuditLog> {
  const { path, state: stateFolder } = places;
  const seals = await openSeals({ path, stateFolder, machine: null });
  const settings = (): AuditSettings => auditSettings({ ...more, seal: limits() });
  const appender = startAppendingThread(path);
  return openAuditLog({ path, stateFolder, seals, appender, settings, retryMs: 20, stallMs });
}

function eventsOf(places: SealedPlaces): string[] {
  return places.lines().map((line) => /"event":"([a-z-]+)"/.exec(line)?.[1] ?? '');
}

function whenWriting(log: AuditLog): Promise<void> {
  return new Promise((resolve) => {
    log.onStateChange((state) => state === 'writing' && resolve());
  });
}

describe('a log', () => {
  test('is sealed behind its first record, so that its first key can be kept elsewhere at once', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER);
    await log.append('daemon-start', {}, {}, true);
    await eventually(() => expect(places.readSeals()).toHaveLength(1));
    expect(eventsOf(places)).toEqual(['daemon-start', 'seal']);
    await log.close();
  });

  test('is sealed when it is closed, and no record stands behind that seal', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER);
    for (let count = 0; count < 5; count += 1) await log.append('session', {}, {}, false);
    log.countRefused();
    await log.close();
    expect(eventsOf(places).slice(-2)).toEqual(['audit-refused-count', 'seal']);
    expect(places.readSeals().at(-1)?.seq).toBe(places.lines().length);
    expect(sealProblem(places)).toBeNull();
  });

  test('without a new record gets no further seal when it is opened and closed', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER);
    await log.append('session', {}, {}, false);
    await log.close();
    const count = places.readSeals().length;
    await (await openWith(places, () => NEVER)).close();
    expect(places.readSeals()).toHaveLength(count);
  });

  test('is sealed each time so many records stand behind the last seal', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => ({ records: 10, seconds: 86_400 }));
    for (let count = 0; count < 60; count += 1) {
      await log.append('session', {}, {}, true);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await log.close();
    const seqs = places.readSeals().map(({ seq }) => seq);
    expect(seqs.length).toBeGreaterThan(3);
    expect(sealProblem(places)).toBeNull();
  });

  test('is sealed after so long, also when nothing happens', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => ({ records: 1_000_000, seconds: 0.05 }));
    await log.append('session', {}, {}, false);
    await eventually(() => expect(places.readSeals().length).toBeGreaterThan(3));
    await log.close();
    expect(eventsOf(places).filter((event) => event !== 'seal')).toEqual(['session']);
    expect(sealProblem(places)).toBeNull();
  });

  test('takes limits that were changed from its next seal on', async () => {
    const places = makeSealedPlaces();
    let limits = NEVER;
    const log = await openWith(places, () => limits);
    await log.append('session', {}, {}, false);
    await eventually(() => expect(places.readSeals()).toHaveLength(1));
    limits = { records: 2, seconds: 86_400 };
    for (let count = 0; count < 3; count += 1) await log.append('session', {}, {}, false);
    await eventually(() => expect(places.readSeals().length).toBeGreaterThan(1));
    await log.close();
  });

  test('is written on while it is sealed: callers wait for no step of it', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER);
    const thaw = freezeSync(places.keys);
    await log.append('daemon-start', {}, {}, true);
    for (let count = 0; count < 20; count += 1) await log.append('call-end', {}, {}, true);
    expect(places.readSeals()).toHaveLength(0);
    thaw();
    await eventually(() => expect(places.readSeals()).toHaveLength(1));
    expect(places.readSeals()[0]?.seq).toBeLessThan(5);
    await log.close();
    expect(sealProblem(places)).toBeNull();
  });
});

describe('a log that cannot be sealed', () => {
  test.each([
    ['the keys', (places: SealedPlaces) => places.keys],
    ['the seals', (places: SealedPlaces) => places.seals],
  ])(
    'refuses records while %s cannot be written, and goes on by itself with the same seal',
    async (_title, fileOf) => {
      const places = makeSealedPlaces();
      const log = await openWith(places, () => ({ records: 5, seconds: 86_400 }));
      await log.append('session', {}, {}, false);
      await eventually(() => expect(places.readSeals()).toHaveLength(1));
      const failing = failSync(fileOf(places), 3);
      const writing = whenWriting(log);
      for (let count = 0; count < 6; count += 1)
        await log.append('session', {}, {}, false).catch(() => undefined);
      await eventually(() => expect(log.state).toBe('failing'));
      await expect(log.append('session', {}, {}, false)).rejects.toThrow('the log cannot be sealed: EIO');
      log.countRefused();
      await writing;
      expect(failing.left).toBe(0);
      await log.append('session', {}, {}, true);
      await log.close();
      const recovery = places.lines().find((line) => line.includes('"event":"recovery"'));
      expect(parseRecord(Buffer.from(recovery ?? '')).facts).toMatchObject({
        why: 'seal',
        error: 'EIO',
        refused: 1,
      });
      expect(sealProblem(places)).toBeNull();
    },
  );

  test.each([
    ['renamed', (places: SealedPlaces) => `${places.seals}.1`, null],
    ['replaced', (places: SealedPlaces) => `${places.seals}.1`, 'another’s\n'],
  ])(
    'refuses records where the file of its seals was %s, until it is as it was: no seal goes where nobody looks',
    async (_title, to, other) => {
      const places = makeSealedPlaces();
      const log = await openWith(places, () => ({ records: 5, seconds: 86_400 }));
      await log.append('session', {}, {}, false);
      await eventually(() => expect(places.readSeals()).toHaveLength(1));
      renameSync(places.seals, to(places));
      if (other !== null) writeFileSync(places.seals, other);
      for (let count = 0; count < 6; count += 1)
        await log.append('session', {}, {}, false).catch(() => undefined);
      await eventually(() => expect(log.state).toBe('failing'));
      const writing = whenWriting(log);
      renameSync(to(places), places.seals);
      await writing;
      await log.append('session', {}, {}, true);
      await log.close();
      expect(sealProblem(places)).toBeNull();
    },
  );

  test('refuses records where the disk does not answer, and goes on when it does (A14)', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER, { stallMs: 1500 });
    const thaw = freezeSync(places.keys);
    await log.append('daemon-start', {}, {}, false);
    await eventually(() => expect(log.state).toBe('failing'));
    await expect(log.append('session', {}, {}, false)).rejects.toThrow(
      'the disk did not answer within 1500 ms',
    );
    const writing = whenWriting(log);
    thaw();
    await writing;
    await log.append('session', {}, {}, true);
    await log.close();
    expect(sealProblem(places)).toBeNull();
  });

  test('on a full disk gets no record of a next seal before the one under way is complete: it is proven whole later (A1)', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER, { rotate_bytes: 4096 });
    const isFull = fillSync(places.seals);
    const writing = whenWriting(log);
    await log.append('daemon-start', {}, {}, true);
    // The seal behind the first record is being written, and the rotation asks for one more.
    for (let count = 0; count < 20; count += 1) await log.append('session', {}, {}, true);
    isFull();
    await writing;
    await log.append('session', {}, {}, true);
    await log.close();
    const { path, state } = places;
    expect((await verifySealedLog(path, { state, keys: [] })).firstBad).toBeNull();
  });

  test('is not taken up where it ends before the record that was sealed last', async () => {
    const places = makeSealedPlaces();
    const log = await openWith(places, () => NEVER);
    await log.append('session', {}, {}, false);
    await log.close();
    const other = makeSealedPlaces();
    const others = await openWith(other, () => NEVER);
    await others.close();
    const { path, state } = other;
    const seals = await openSeals({ path: places.path, stateFolder: places.state, machine: null });
    const settings = (): AuditSettings => auditSettings();
    const appender = startAppendingThread(path);
    await expect(openAuditLog({ path, stateFolder: state, seals, appender, settings })).rejects.toThrow(
      /^Cannot open the audit log: it ends with record 0, and record \d was sealed$/,
    );
  });
});

describe('sealing at once', () => {
  /** A log that answers when the test says so. */
  function play(): {
    log: SealedLog;
    answer: (() => void)[];
    sealed: number[];
    store: SealStore;
  } {
    const answer: (() => void)[] = [];
    const sealed: number[] = [];
    let seq = 0;
    const log: SealedLog = {
      ...{ head: 0, stallMs: 5000, fail: () => undefined, now: () => '' },
      ...{ limits: () => NEVER, isWriting: () => true },
      append: () =>
        new Promise((resolve) => {
          seq += 1;
          const place = { seq, hash: '' };
          answer.push(() => resolve(place));
        }),
    };
    const store = {
      ...{ epoch: 1, sealed: 0, isPending: false, bound: false },
      ...{ complete: async () => undefined, close: async () => undefined },
      seal: async (pending: { seq: number }) => void sealed.push(pending.seq),
    };
    return { log, answer, sealed, store };
  }

  test('makes one more seal behind the one under way, for all who asked meanwhile', async () => {
    const { log, answer, sealed, store } = play();
    const sealer = createSealer(store, log);
    const first = sealer.sealNow();
    await eventually(() => expect(answer).toHaveLength(1));
    const others = [sealer.sealNow(), sealer.sealNow(), sealer.sealNow()];
    expect(new Set(others).size).toBe(1);
    answer[0]?.();
    await first;
    await eventually(() => expect(answer).toHaveLength(2));
    answer[1]?.();
    await Promise.all(others);
    expect(sealed).toEqual([1, 2]);
    await sealer.close();
  });

  test('is refused where the record of the seal is, and the next try is not', async () => {
    const { log, sealed, store } = play();
    const append = vi.spyOn(log, 'append').mockRejectedValueOnce(new AuditUnavailable('no'));
    const sealer = createSealer(store, log);
    await expect(sealer.sealNow()).rejects.toThrow(AuditUnavailable);
    append.mockResolvedValueOnce({ seq: 7, hash: '' });
    await sealer.sealNow();
    expect(sealed).toEqual([7]);
    await sealer.close();
  });
});

/** Has fdatasync(2) of one file fail so many times. */
function failSync(path: string, times: number): { readonly left: number } {
  const failing = { left: times };
  const original = files.datasync;
  vi.spyOn(files, 'datasync').mockImplementation(async function (this: FileHandle) {
    if (failing.left > 0 && (await readlink(`/proc/self/fd/${this.fd}`)) === path) {
      failing.left -= 1;
      throw Object.assign(new Error('EIO: made by the test'), { code: 'EIO' });
    }
    await original.call(this);
  });
  return failing;
}

/** Has the next fdatasync(2) of one file find the disk full, once the function that is returned is called. */
function fillSync(path: string): () => void {
  let fill = (): void => undefined;
  const filled = new Promise<void>((resolve) => (fill = resolve));
  let isFirst = true;
  const original = files.datasync;
  vi.spyOn(files, 'datasync').mockImplementation(async function (this: FileHandle) {
    if (isFirst && (await readlink(`/proc/self/fd/${this.fd}`)) === path) {
      isFirst = false;
      await filled;
      throw Object.assign(new Error('ENOSPC: made by the test'), { code: 'ENOSPC' });
    }
    await original.call(this);
  });
  return fill;
}

/** Has fdatasync(2) of one file not answer until the function that is returned is called. */
function freezeSync(path: string): () => void {
  let thaw = (): void => undefined;
  const thawed = new Promise<void>((resolve) => (thaw = resolve));
  const original = files.datasync;
  vi.spyOn(files, 'datasync').mockImplementation(async function (this: FileHandle) {
    if ((await readlink(`/proc/self/fd/${this.fd}`)) === path) await thawed;
    await original.call(this);
  });
  return thaw;
}
