import { closeSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hangUpDaemon } from '../../../src/driverctl/daemon/running-daemon.ts';
import { startTimeOf } from '../../../src/shared/process-start.ts';

// This process plays the daemon: it has the lock open, and hears of a signal that reaches it.
let state: string;
let lock: number;
const heard = vi.fn();
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'driverctl-daemon-'));
  lock = openSync(join(state, 'lock'), 'w');
  heard.mockClear();
  process.on('SIGHUP', heard);
});
afterEach(() => {
  process.off('SIGHUP', heard);
  closeSync(lock);
  rmSync(state, { recursive: true });
});

const note = (text: string): void => writeFileSync(join(state, 'pid'), text);
const own = `${process.pid} ${startTimeOf(process.pid)}\n`;

test('the process that is noted, started when noted and holds the lock gets the signal', async () => {
  note(own);
  expect(hangUpDaemon(state)).toBe(true);
  await expect.poll(() => heard.mock.calls.length).toBe(1);
});

test('no signal is sent to a number that is another process’s by now, or by a note in any other form', async () => {
  const start = Number(startTimeOf(process.pid));
  const notes = [
    ...[`${process.pid} ${start + 1}\n`, `${process.pid}\n`, `${process.pid} ${start}`, `0 ${start}\n`],
    ...[`-${process.pid} ${start}\n`, ` ${own}`, `${own}${own}`, '', 'x'.repeat(100_000)],
    ...['4194303 1\n', '9999999999 1\n'],
  ];
  for (const text of notes) {
    note(text);
    expect([text, hangUpDaemon(state)]).toEqual([text, false]);
  }
  rmSync(join(state, 'pid'));
  writeFileSync(join(state, 'elsewhere'), own);
  symlinkSync(join(state, 'elsewhere'), join(state, 'pid'));
  expect(hangUpDaemon(state)).toBe(false);
  rmSync(join(state, 'pid'));
  expect(hangUpDaemon(state)).toBe(false);
  expect(hangUpDaemon(join(state, 'nowhere'))).toBe(false);
  await new Promise((resolve) => setImmediate(resolve));
  expect(heard).not.toHaveBeenCalled();
});

test('a process that has not the lock open is no daemon, whatever the note says', () => {
  note(own);
  rmSync(join(state, 'lock'));
  expect(hangUpDaemon(state)).toBe(false);
  writeFileSync(join(state, 'lock'), '');
  expect(hangUpDaemon(state)).toBe(false);
  expect(heard).not.toHaveBeenCalled();
});
