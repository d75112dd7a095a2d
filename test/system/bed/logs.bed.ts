import { beforeAll, describe, expect, test } from 'vitest';
import { installedDriverd } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

/** A real journald; which kernel it runs on is all the same to it. */
const bed = sharedBed('nspawn');
const driverd = installedDriverd(bed);
const FLOOD_BYTES = 33_554_432;
/** What one driver may write to the operational log in a minute. */
const PER_MINUTE = 65_536;

beforeAll(() =>
  driverd.configure(
    { echo: '', talker: `limits: { output_bytes: ${FLOOD_BYTES} }\n` },
    `limits: { driver_log_bytes_per_minute: ${PER_MINUTE} }\n`,
  ),
);

/** What monitor and broker wrote; what ExecReload= prints stands there too. */
async function journal(): Promise<readonly Record<string, unknown>[]> {
  const lines = await driverd.journal();
  return lines
    .filter((line) => line.startsWith('{"level"'))
    .map((line): Record<string, unknown> => JSON.parse(line));
}

describe('what a driver says', () => {
  test('is kept by journald, with driver, launch, request and level', async () => {
    const reply = await driverd.call('talker.lines', { count: 3, _meta: { reply: true } });
    const request = reply._meta?.['request_id'];
    const kept = (await journal()).filter((line) => line['request'] === request);
    expect(kept).toMatchObject(
      [0, 1, 2].map((at) => ({
        ...{ name: 'broker', level: 30, driver: 'talker', launch: expect.any(Number), source: 'stderr' },
        text: `line ${at}`,
      })),
    );
  });

  test('however much it is, journald keeps all that driverd itself says, and grows within bounds (D6)', async () => {
    const usage = async (): Promise<number> =>
      Number(
        (
          await bed.sh(
            'du --bytes --summarize /var/log/journal /run/log/journal 2>/dev/null | awk "{ sum += \\$1 } END { print sum }"',
          )
        ).trim(),
      );
    const before = await usage();
    const reply = await driverd.call('talker.flood', { line: 'a\n' });
    expect(reply.error?.data.reason).toBe('output-limit');
    await bed.sh('systemctl reload driverd.service');
    const said = await journal();
    expect(said.at(-1)).toMatchObject({ name: 'monitor', msg: 'the configuration was reloaded' });
    expect(said.filter(({ driver }) => driver === 'talker').length * 256).toBeLessThanOrEqual(2 * PER_MINUTE);
    const ofJournald = await bed.sh('journalctl --quiet --no-pager --identifier systemd-journald');
    expect(ofJournald).not.toContain('Suppressed');
    expect((await usage()) - before).toBeLessThan(FLOOD_BYTES / 2);
    await bed.sh('systemctl stop driverd.service');
    const leftOut = (await journal()).filter(
      ({ driver, lines }) => driver === 'talker' && typeof lines === 'number',
    );
    expect(leftOut.reduce((sum, { lines }) => sum + Number(lines), 0)).toBeGreaterThan(FLOOD_BYTES / 4);
    await bed.sh('systemctl start driverd.socket');
  });

  test('is shown by driverctl logs, and by the policy of an installation to root alone', async () => {
    await driverd.call('talker.lines', { count: 2 });
    const shown = await bed.sh('driverctl logs talker -n 1');
    expect(shown).toMatch(/^\S+Z launch \d+ stderr: line 1\n$/);
    const other = await bed.run([
      'setpriv',
      '--reuid=12345',
      '--regid=12345',
      '--groups=driverd',
      'driverctl',
      'logs',
      'talker',
    ]);
    expect([other.status, other.stdout]).toEqual([4, '']);
  });
});
