import { describe, expect, test } from 'vitest';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('nspawn');
const driverd = installedDriverd(bed);

const dropIn = (unit: string, text: string): Promise<string> =>
  bed
    .sh(`mkdir -p /etc/systemd/system/${unit}.d`)
    .then(() => bed.write(`/etc/systemd/system/${unit}.d/test.conf`, text))
    .then(() => bed.sh('systemctl daemon-reload'));

/** What a start that is to fail leaves in the journal. */
async function failedStart(): Promise<readonly string[]> {
  const { status } = await bed.run(['systemctl', 'start', 'driverd.service']);
  expect(status).not.toBe(0);
  expect(await driverd.property('ActiveState')).toBe('failed');
  expect(await driverd.property('NRestarts')).toBe('0');
  return (await driverd.journal()).map((line): string => JSON.parse(line).msg);
}

describe('a start that cannot succeed leaves one line with what to do, a failed state and no restart', () => {
  test('the unit without its socket', async () => {
    await driverd.configure({});
    const unit = '/usr/lib/systemd/system/driverd.service';
    await bed.sh('systemctl stop driverd.socket');
    await bed.sh(`sed '/^Requires=/d; /^After=/d' ${unit} > /etc/systemd/system/driverd.service`);
    await bed.sh('systemctl daemon-reload');
    try {
      expect(await failedStart()).toEqual([
        expect.stringMatching(/^Cannot listen on .* without CAP_CHOWN; start driverd by driverd\.socket$/),
      ]);
    } finally {
      await bed.sh('rm /etc/systemd/system/driverd.service && systemctl daemon-reload');
    }
  });

  test.each([
    ['two sockets', 'ListenStream=/run/driverd/two.sock', 'LISTEN_FDS has to be 1'],
    [
      'a socket of packets',
      'ListenStream=\nListenSequentialPacket=/run/driverd/driverd.sock',
      'it is no stream socket',
    ],
    ['an internet socket', 'ListenStream=\nListenStream=127.0.0.1:7777', 'it is no Unix socket'],
    ['an abstract socket', 'ListenStream=\nListenStream=@driverd', 'it has no path'],
  ])('a driverd.socket that passes %s (T20)', async (_what, lines, why) => {
    await driverd.configure({});
    await bed.sh('systemctl stop driverd.socket');
    await dropIn('driverd.socket', `[Socket]\n${lines}\n`);
    expect(await failedStart()).toEqual([
      `Cannot use the passed socket: ${why}; start driverd by driverd.socket`,
    ]);
  });

  test('a cgroup that cannot be written', async () => {
    await driverd.configure({});
    await dropIn('driverd.service', '[Service]\nProtectControlGroups=yes\n');
    expect(await failedStart()).toEqual([
      expect.stringMatching(/^Cannot use the cgroup .*driverd\.service: EROFS; its unit needs Delegate=yes/),
    ]);
  });

  test('a user that does not exist', async () => {
    await driverd.configure({ echo: 'user: nobdy\n' });
    expect(await failedStart()).toEqual([
      'Cannot load /etc/driverd/drivers.d/echo.yaml:2: user: there is no user nobdy; did you mean nobody?',
    ]);
  });

  test('a driver’s folder that does not exist', async () => {
    await driverd.configure({ nothing: '' });
    expect(await failedStart()).toEqual([
      expect.stringMatching(/^Cannot load \/etc\/driverd\/drivers\.d\/nothing\.yaml: no driver nothing in /),
    ]);
  });

  test('a bubblewrap that is too old (played by a script)', async () => {
    await driverd.configure({});
    await bed.write('/run/old-bwrap', '#!/bin/sh\necho bubblewrap 0.4.1\n', 0o755);
    await dropIn('driverd.service', '[Service]\nBindReadOnlyPaths=/run/old-bwrap:/usr/bin/bwrap\n');
    expect(await failedStart()).toEqual([
      'Cannot start: this is bubblewrap 0.4.1; driverd needs 0.7.0 or newer',
    ]);
  });

  test('a limit that this host’s cgroups cannot hold', async () => {
    await driverd.configure({ echo: 'limits: { cpu_percent: 50 }\n' });
    expect(await failedStart()).toEqual([
      expect.stringMatching(
        /echo\.yaml:2: limits\.cpu_percent: this host has no cgroup v2 that driverd could/,
      ),
    ]);
  });
});

test('a broken configuration hangs up on a caller who waits, and the socket takes the next one once it is mended', async () => {
  await driverd.configure({ echo: '' }, 'limts: {}\n');
  const { stdout } = await bed.run(['socat', '-t', '60', '-', 'UNIX-CONNECT:/run/driverd/driverd.sock'], {
    input: '{"jsonrpc":"2.0","id":1,"method":"echo.say","params":{"text":"x"}}\n',
  });
  expect(stdout).toBe('');
  await until(async () => (await driverd.property('ActiveState')) === 'failed');
  expect(await driverd.journal()).toHaveLength(1);
  await bed.sh("sed -i '/limts/d' /etc/driverd/driverd.yaml");
  expect((await driverd.call('echo.say', { text: 'mended' })).result).toEqual({ text: 'mended' });
});
