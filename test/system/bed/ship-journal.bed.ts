import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { rounds } from '../../support/rounds.ts';
import type { Judgement } from '../../support/shipped.ts';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('nspawn');
const driverd = installedDriverd(bed);
const NODE = '/usr/lib/driverd/node';
const FIXTURES = '/srv/driverd/test/fixtures';
const ROUNDS = rounds('shipRestarts');
const SHIPPED_WITHIN_MS = 180_000;

const between = (low: number, high: number): number => low + Math.random() * (high - low);

/** What the journal has from the shipper's unit, oldest first. */
async function entries(...matches: readonly string[]): Promise<readonly Record<string, string>[]> {
  const words = 'journalctl --sync && journalctl --quiet --no-pager --output json --all';
  const text = await bed.sh(`${words} _SYSTEMD_UNIT=driverd-ship.service ${matches.join(' ')}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line): Record<string, string> => JSON.parse(line));
}

describe('driverd-ship.service', () => {
  test('sends the records of calls to the journal with fields to search by, as an unprivileged user', async () => {
    await driverd.configure({ echo: '' });
    await bed.sh('systemctl start driverd-ship.service');
    try {
      await driverd.call('echo.say', { text: 'shipped' });
      const records = await driverd.records();
      const end = records.findLast(({ event }) => event === 'call-end');
      const id = String(end?.claims['request_id']);
      await until(async () => (await entries(`DRIVERD_REQUEST_ID=${id} DRIVERD_EVENT=call-end`)).length > 0);
      const [entry] = await entries(`DRIVERD_REQUEST_ID=${id} DRIVERD_EVENT=call-end`);
      expect(entry).toMatchObject({
        MESSAGE: `call-end echo.say ok record ${end?.seq}`,
        ...{ PRIORITY: '6', SYSLOG_IDENTIFIER: 'driverd-audit', SYSLOG_FACILITY: '10' },
        ...{ DRIVERD_SEQ: String(end?.seq), DRIVERD_METHOD: 'echo.say', DRIVERD_OUTCOME: 'ok' },
        ...{ _TRANSPORT: 'journal', _SYSTEMD_UNIT: 'driverd-ship.service' },
      });
      expect(JSON.parse(entry?.['DRIVERD_RECORD'] ?? '')).toEqual(end);

      const pid = (await bed.sh('systemctl show --property MainPID --value driverd-ship.service')).trim();
      const status = await bed.read(`/proc/${pid}/status`);
      const [uid, group] = (
        await bed.sh('id -u driverd-ship; getent group driverd-audit | cut -d: -f3')
      ).split('\n');
      expect(status).toMatch(new RegExp(`^Uid:\t${uid}\t${uid}\t${uid}\t${uid}$`, 'm'));
      expect(status).toMatch(new RegExp(`^Groups:\t(?:\\d+ )*${group} `, 'm'));
      expect(status).toMatch(/^CapBnd:\t0{16}$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1\n(?:.*\n)*Seccomp:\t2$/m);
    } finally {
      await bed.sh('systemctl stop driverd-ship.service');
    }
  });

  test('is a unit that systemd has nothing to say about, and rates as closed', async () => {
    const unit = 'driverd-ship.service';
    expect((await bed.run(['systemd-analyze', 'verify', `/usr/lib/systemd/system/${unit}`])).stderr).toBe('');
    await bed.sh(`systemd-analyze security --no-pager --threshold=10 ${unit}`);
  });

  test('has every record in the journal, in order and as it stands in the log, over restarts of both at random moments', async () => {
    const folder = '/srv/ship-test';
    await bed.sh(
      [
        `mkdir -p ${folder}/state && mkdir -m 2750 ${folder}/log && chgrp driverd-audit ${folder}/log`,
        `chmod 700 ${folder}/state && chmod 755 ${folder}`,
        'rm -rf /var/lib/driverd-ship/*',
        'mkdir -p /etc/systemd/system/driverd-ship.service.d',
        // As on a host; a container's own is in memory and small.
        'mkdir -p /var/log/journal && journalctl --flush && journalctl --rotate && journalctl --vacuum-time=1s',
      ].join('\n'),
    );
    const log = `${folder}/log/audit.jsonl`;
    await bed.write(
      '/etc/systemd/system/driverd-ship.service.d/test.conf',
      `[Service]\nEnvironment=DRIVERD_LOG=${log}\n`,
    );
    await bed.sh('systemctl daemon-reload');
    const writer = `${NODE} ${FIXTURES}/write-records.ts ${log} ${folder}/state`;
    try {
      await bed.sh(`setsid ${writer} > ${folder}/output 2>&1 & echo $! > ${folder}/writer`);
      await bed.sh('systemctl start driverd-ship.service');
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const unit of ['systemd-journald.service', 'driverd-ship.service']) {
          await sleep(between(200, 2_000));
          const how = round % 2 === 0 ? `kill --signal KILL ${unit}` : `restart ${unit}`;
          await bed.sh(`systemctl reset-failed ${unit}; systemctl ${how}`);
        }
      }
      await bed.sh(
        `kill $(cat ${folder}/writer); while kill -0 $(cat ${folder}/writer); do sleep 0.1; done 2>/dev/null; true`,
      );
      expect(await bed.read(`${folder}/output`)).toBe('');
      const judgement = async (): Promise<Judgement> =>
        JSON.parse(await bed.sh(`journalctl --sync && ${NODE} ${FIXTURES}/judge-journal.ts ${log}`));
      const giveUpAt = performance.now() + SHIPPED_WITHIN_MS;
      let result = await judgement();
      while (result.missing.length > 0 && performance.now() < giveUpAt) {
        await sleep(2_000);
        result = await judgement();
      }
      const { missing, outOfOrder, different, ...counts } = result;
      console.log(`journald, ${ROUNDS} restarts of each: ${JSON.stringify(counts)}`);
      expect({ missing, outOfOrder, different }).toEqual({ missing: [], outOfOrder: [], different: [] });
      expect(counts.written).toBeGreaterThan(ROUNDS * 100);
    } finally {
      await bed.sh(
        'systemctl stop driverd-ship.service; rm -rf /etc/systemd/system/driverd-ship.service.d; systemctl daemon-reload',
      );
      await bed.sh(`kill -9 $(cat ${folder}/writer) 2>/dev/null; rm -rf ${folder}`);
    }
  });
});
