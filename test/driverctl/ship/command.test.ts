import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { run } from '../played-surroundings.ts';
import { temporaryFolder } from './played-receiver.ts';

describe('driverctl audit ship', () => {
  test.each([
    [[], 'Cannot ship: --to is journald, syslog or stdout'],
    [['--to', 'splunk'], 'Cannot ship: --to is journald, syslog or stdout'],
    [['--to', 'journald'], 'Cannot ship: --position says where to keep how far it has come'],
    [['--to', 'journald', '--address', 'host'], 'Cannot read --address: host is no path of a socket'],
    [['--to', 'journald', '--window', '1'], 'Cannot ship to journald: --window is not for it'],
    [['--to', 'stdout', '--address', '/x'], 'Cannot ship to stdout: --address is not for it'],
    [['--to', 'syslog', '--ca', '/x'], 'Cannot ship to a local socket: --ca is not for it'],
    [
      ['--to', 'syslog', '--address', 'udp://h'],
      'Cannot read --address: udp://h is neither a path nor HOST or HOST:PORT',
    ],
    [
      ['--to', 'syslog', '--address', 'h', '--client-key', '/x'],
      'Cannot ship: --client-certificate and --client-key need each other',
    ],
    [
      ['--to', 'syslog', '--address', 'h', '--ca', '/nowhere/ca'],
      'Cannot read /nowhere/ca: it does not exist',
    ],
    [['--to', 'syslog', '--window', '-'], 'Cannot read --window: - is no whole number from 0 to 268435456'],
  ] as const)('refuses %j', async (words, message) => {
    const { status, stdout, stderr } = await run(['audit', 'ship', ...words]);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: `driverctl: ${message}\n` });
  });

  test('does not write to a terminal what is not made for eyes (U1)', async () => {
    const { status, stderr } = await run(['audit', 'ship', '--to', 'stdout'], { terminal: true });
    expect({ status, stderr }).toEqual({
      ...{
        status: 2,
        stderr: 'driverctl: Cannot ship to a terminal: `driverctl audit tail -f` is for eyes\n',
      },
    });
  });

  test('keeps its position in the folder that systemd made for it', async () => {
    const folder = join(temporaryFolder(), 'missing');
    const { status, stderr } = await run(['audit', 'ship', '--to', 'stdout'], {
      environment: { STATE_DIRECTORY: folder },
    });
    expect({ status, stderr }).toEqual({
      ...{ status: 10, stderr: `driverctl: Cannot use the position ${folder}/position: it does not exist\n` },
    });
  });
});
