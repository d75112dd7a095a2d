import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import {
  type AppendedRecords,
  type AppendingSystem,
  type AppendOutcome,
  appendInOrder,
} from '../../../src/monitor/audit/append-in-order.ts';
import { diskError } from '../../support/played-appender.ts';

const GIVEN: AppendedRecords = {
  ...{ log: 10, note: 11, expected: { ino: 1, dev: 2, size: 3 }, sync: true },
  ...{
    announcing: Buffer.from('announcing'),
    settled: Buffer.from('settled'),
    records: Buffer.from('records'),
    notice: null,
  },
};

/** A system that does nothing, and what it was asked for. */
function played(more: Partial<AppendingSystem> = {}): { system: AppendingSystem; asked: string[] } {
  const asked: string[] = [];
  const system: AppendingSystem = {
    look: () => GIVEN.expected,
    write: (_file, _bytes, _from, length) => length,
    datasync: () => undefined,
    stands: () => true,
    ...more,
  };
  return {
    asked,
    system: {
      look(path) {
        asked.push(`look at ${path}`);
        return system.look(path);
      },
      write(file, bytes, from, length, at) {
        const text = Buffer.from(bytes).toString('utf8', from, from + length);
        asked.push(`write ${text} to ${file} at ${at ?? 'its end'}`);
        return system.write(file, bytes, from, length, at);
      },
      datasync(file) {
        asked.push(`datasync ${file}`);
        system.datasync(file);
      },
      stands: system.stands,
    },
  };
}

function run(more: Partial<AppendingSystem>, given = GIVEN): { outcome: AppendOutcome; asked: string[] } {
  const { system, asked } = played(more);
  return { outcome: appendInOrder(given, 'the log', system), asked };
}

function fail(): never {
  throw diskError('EIO');
}

const LOOK = 'look at the log';
const ANNOUNCE = 'write announcing to 11 at 0';
const WRITE = 'write records to 10 at its end';
const SYNC = 'datasync 10';
const SETTLE = 'write settled to 11 at 0';
const TELL = 'write notice to 12 at its end';
const TOLD: AppendedRecords = { ...GIVEN, notice: { pipe: 12, bytes: Buffer.from('notice') } };
const { EIO } = constants.errno;

describe('an addition', () => {
  test('is looked for, announced, written, on disk and settled, in this order (invariant 11, A3)', () => {
    const { outcome, asked } = run({});
    expect(outcome).toEqual({ failed: null, isSettled: true, isTold: false });
    expect(asked).toEqual([LOOK, ANNOUNCE, WRITE, SYNC, SETTLE]);
  });

  test('asks nothing of the disk where nobody asked for it', () => {
    const { outcome, asked } = run({}, { ...GIVEN, sync: false });
    expect(outcome).toEqual({ failed: null, isSettled: true, isTold: false });
    expect(asked).toEqual([LOOK, ANNOUNCE, WRITE, SETTLE]);
  });

  test('goes on where a write takes less than it is given', () => {
    const write: AppendingSystem['write'] = (_file, _bytes, _from, length, at) =>
      at === null ? Math.min(length, 3) : length;
    const { outcome, asked } = run({ write });
    expect(outcome).toEqual({ failed: null, isSettled: true, isTold: false });
    const pieces = ['records', 'ords', 's'].map((text) => `write ${text} to 10 at its end`);
    expect(asked).toEqual([LOOK, ANNOUNCE, ...pieces, SYNC, SETTLE]);
  });

  test.each<[string, Partial<AppendingSystem>, AppendOutcome, readonly string[]]>([
    ['the look', { look: fail }, { failed: 'open', errno: EIO }, [LOOK]],
    ['a log that is gone', { look: () => undefined }, { failed: 'changed', found: -1 }, [LOOK]],
    [
      'another file',
      { look: () => ({ ...GIVEN.expected, ino: 4 }) },
      { failed: 'changed', found: -2 },
      [LOOK],
    ],
    [
      'a file of another file system',
      { look: () => ({ ...GIVEN.expected, dev: 4 }) },
      { failed: 'changed', found: -2 },
      [LOOK],
    ],
    ['its length', { look: () => ({ ...GIVEN.expected, size: 4 }) }, { failed: 'changed', found: 4 }, [LOOK]],
    ['the note', { write: fail }, { failed: 'note', errno: EIO }, [LOOK, ANNOUNCE]],
    ['a note that is cut', { write: () => 5 }, { failed: 'note', errno: EIO }, [LOOK, ANNOUNCE]],
    [
      'the write',
      { write: (_file, _bytes, _from, length, at) => (at === null ? fail() : length) },
      { failed: 'write', errno: EIO },
      [LOOK, ANNOUNCE, WRITE],
    ],
    [
      'a write that takes nothing',
      { write: (_file, _bytes, _from, length, at) => (at === null ? 0 : length) },
      { failed: 'write', errno: EIO },
      [LOOK, ANNOUNCE, WRITE],
    ],
    ['fdatasync', { datasync: fail }, { failed: 'sync', errno: EIO }, [LOOK, ANNOUNCE, WRITE, SYNC]],
  ])('ends at what fails, and begins nothing behind it: %s', (_what, more, expected, steps) => {
    const { outcome, asked } = run(more);
    expect(outcome).toEqual(expected);
    expect(asked).toEqual(steps);
  });

  test.each<[string, () => number]>([
    ['fails', fail],
    ['is cut', () => 5],
  ])('stands where its last note %s, and says that the note does not', (_how, last) => {
    const { outcome, asked } = run({
      write: (_file, bytes, _from, length) => (bytes === GIVEN.settled ? last() : length),
    });
    expect(outcome).toEqual({ failed: null, isSettled: false, isTold: false });
    expect(asked).toEqual([LOOK, ANNOUNCE, WRITE, SYNC, SETTLE]);
  });

  test('is told to who waits for it once it is on disk and nobody can give it up any more (invariant 11)', () => {
    const { outcome, asked } = run({}, TOLD);
    expect(outcome).toEqual({ failed: null, isSettled: true, isTold: true });
    expect(asked).toEqual([LOOK, ANNOUNCE, WRITE, SYNC, TELL, SETTLE]);
  });

  test.each<[string, () => number]>([
    ['nobody reads', fail],
    ['is full', () => 5],
  ])('stands where the pipe %s, and says that nobody was told', (_how, last) => {
    const { outcome } = run(
      { write: (_file, bytes, _from, length) => (bytes === TOLD.notice?.bytes ? last() : length) },
      TOLD,
    );
    expect(outcome).toEqual({ failed: null, isSettled: true, isTold: false });
  });

  test.each<[string, Partial<AppendingSystem>]>([
    ['failed', { datasync: fail }],
    ['was given up', { stands: () => false }],
  ])('is told to nobody where it %s (invariant 11)', (_what, more) => {
    const { outcome, asked } = run(more, TOLD);
    expect(outcome).not.toMatchObject({ isTold: true });
    expect(asked).not.toContain(TELL);
  });

  test('leaves its note as it was announced once it was given up', () => {
    const { outcome, asked } = run({ stands: () => false });
    expect(outcome).toEqual({ failed: null, isSettled: false, isTold: false });
    expect(asked).toEqual([LOOK, ANNOUNCE, WRITE, SYNC]);
  });

  test.each<[string, Partial<AppendingSystem>]>([
    [
      'before it stands',
      {
        datasync: () => {
          throw new TypeError('a fault');
        },
      },
    ],
    [
      'behind it',
      {
        write: (_file, bytes, _from, length) => {
          if (bytes === GIVEN.settled) throw new TypeError('a fault');
          return length;
        },
      },
    ],
  ])('takes a fault of the program for no word of the disk: %s', (_when, more) => {
    expect(() => run(more)).toThrow('a fault');
  });
});
