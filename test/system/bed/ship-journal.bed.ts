import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../../support/certificates.ts';
import { rounds } from '../../support/rounds.ts';
import type { Judgement } from '../../support/shipped.ts';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const bed = sharedBed('nspawn');
const driverd = installedDriverd(bed);
const NODE = '/usr/lib/driverd/node';
const FIXTURES = '/srv/driverd/test/fixtures';
/** Where a program that runs beside prints. */
const OUTPUT = '/run/ship-test-output';
const ROUNDS = rounds('shipRestarts');
const SHIPPED_WITHIN_MS = 180_000;
const TEST_LIMIT_MS = 900_000;

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

  test('with its drop-in for a socket ships to a receiver on the host', async () => {
    const socket = '/run/rsyslog-audit.sock';
    await driverd.configure({ echo: '' });
    await driverd.call('echo.say', { text: 'for a socket' });
    const receive = `python3 ${FIXTURES}/datagram-receiver.py ${socket}`;
    await withDropIn(
      'syslog-socket.conf',
      (text) => text,
      async () => {
        await inBackground(receive, async (output) => {
          await until(async () => (await bed.read(output)).includes('ready'));
          await bed.sh(`chmod 666 ${socket} && systemctl start driverd-ship.service`);
          await until(
            async () => lastRecord(datagramsIn(await bed.read(output))) === (await driverd.records()).length,
          );
        });
      },
    );
    await bed.sh(`rm -f ${socket}`);
  });

  test('with its drop-in for TLS ships to a receiver over the network, with a key that root alone can read', async () => {
    const made = makeCertificates(mkdtempSync(join(tmpdir(), 'driverd-ship-')));
    await bed.sh('mkdir -m 700 /etc/driverd-ship');
    const files = { ca: made.authority, host: `${made.client}.pem`, receiver: `${made.server}.pem` };
    for (const [name, path] of Object.entries(files))
      await bed.write(`/etc/driverd-ship/${name}.pem`, readFileSync(path, 'utf8'), 0o600);
    for (const [name, path] of Object.entries({ host: made.client, receiver: made.server }))
      await bed.write(`/etc/driverd-ship/${name}.key`, readFileSync(`${path}.key`, 'utf8'), 0o600);
    const edit = (text: string): string =>
      text.replace('logs.example.org:6514', '127.0.0.1:6514 --server-name receiver.example');
    await withDropIn('syslog-tls.conf', edit, async () => {
      await inBackground(`${NODE} ${FIXTURES}/tls-receiver.ts /etc/driverd-ship`, async (output) => {
        await until(async () => (await bed.read(output)).includes('ready'));
        await bed.sh('systemctl start driverd-ship.service');
        await until(async () => lastRecord(await bed.read(output)) === (await driverd.records()).length);
      });
    });
    await bed.sh('rm -r /etc/driverd-ship');
  });

  test(
    'has every record in the journal, in order and as it stands in the log, over restarts of both at random moments',
    async () => {
      const folder = '/srv/ship-test';
      const log = `${folder}/log/audit.jsonl`;
      await bed.sh(
        [
          `mkdir -p ${folder}/state && mkdir -m 2750 ${folder}/log && chgrp driverd-audit ${folder}/log`,
          `chmod 700 ${folder}/state && chmod 755 ${folder}`,
          'rm -rf /var/lib/driverd-ship/*',
          // As on a host; what a container has by itself is in memory and small.
          'mkdir -p /var/log/journal && journalctl --flush',
        ].join('\n'),
      );
      const since = (await bed.sh('date +@%s.%N')).trim();
      const dropIn = `[Unit]\nStartLimitIntervalSec=0\n[Service]\nEnvironment=DRIVERD_LOG=${log}\nRestartSec=100ms\n`;
      /** Whoever is ended is at work: what was taken is written to the position once a second. */
      async function whileShipping(): Promise<void> {
        const position = '/var/lib/driverd-ship/position';
        const read = (): Promise<string> => bed.sh(`cat ${position} 2>/dev/null || true`);
        const before = await read();
        await until(async () => (await read()) !== before).catch(async () => {
          const units = 'systemctl status --no-pager --full driverd-ship.service systemd-journald.service';
          throw new Error(
            `Nothing is shipped: ${before}\n${await bed.sh(`${units}; cat ${OUTPUT}; ls -l ${folder}/*`)}`,
          );
        });
      }
      const judgement = async (): Promise<Judgement> =>
        JSON.parse(await bed.sh(`journalctl --sync && ${NODE} ${FIXTURES}/judge-journal.ts ${log} ${since}`));
      try {
        await withDropIn(
          'test.conf',
          () => dropIn,
          async () => {
            await inBackground(
              `${NODE} ${FIXTURES}/write-records.ts ${log} ${folder}/state`,
              async (output, stop) => {
                await bed.sh('systemctl start driverd-ship.service');
                for (let round = 0; round < ROUNDS; round += 1) {
                  for (const unit of ['systemd-journald.service', 'driverd-ship.service']) {
                    await whileShipping();
                    await sleep(between(0, 1_500));
                    const how = round % 2 === 0 ? `kill --signal KILL ${unit}` : `restart ${unit}`;
                    await bed.sh(`systemctl reset-failed ${unit}; systemctl ${how}`);
                  }
                }
                await stop();
                expect(await bed.read(output)).toBe('');
              },
            );
            const giveUpAt = performance.now() + SHIPPED_WITHIN_MS;
            let result = await judgement();
            while (result.missing.length > 0 && performance.now() < giveUpAt) {
              await sleep(2_000);
              result = await judgement();
            }
            const { missing, outOfOrder, different, ...counts } = result;
            expect(
              await entries(`DRIVERD_EVENT=not-shipped DRIVERD_EVENT=log-changed --since ${since}`),
            ).toEqual([]);
            console.log(`journald, ${ROUNDS} restarts of each: ${JSON.stringify(counts)}`);
            expect({ missing, outOfOrder, different }).toEqual({
              missing: [],
              outOfOrder: [],
              different: [],
            });
            expect(counts.written).toBeGreaterThan(ROUNDS * 100);
          },
        );
      } finally {
        await bed.sh(`rm -rf ${folder}; journalctl --relinquish-var && rm -rf /var/log/journal`);
      }
    },
    TEST_LIMIT_MS,
  );
});

/** Runs with a drop-in for the shipper's unit: one that is installed, edited, or else the text that `edit` makes. */
async function withDropIn(
  name: string,
  edit: (text: string) => string,
  use: () => Promise<void>,
): Promise<void> {
  const folder = '/etc/systemd/system/driverd-ship.service.d';
  const installed = await bed.run(['cat', `/usr/share/doc/driverd/driverd-ship.service.d/${name}`]);
  await bed.sh(`mkdir -p ${folder}; rm -rf /var/lib/driverd-ship/*`);
  await bed.write(`${folder}/${name}`, edit(installed.stdout));
  await bed.sh('systemctl daemon-reload');
  try {
    await use();
  } finally {
    const unit = 'driverd-ship.service';
    await bed.sh(
      `systemctl stop ${unit}; systemctl reset-failed ${unit}; rm -rf ${folder}; systemctl daemon-reload`,
    );
  }
}

/** Runs a program beside, with what it prints in a file, and ends it by SIGTERM. */
async function inBackground(
  command: string,
  use: (output: string, stop: () => Promise<string>) => Promise<void>,
): Promise<void> {
  const pid = (await bed.sh(`setsid ${command} > ${OUTPUT} 2>&1 & echo $!`)).trim();
  const stop = (): Promise<string> =>
    bed.sh(`kill ${pid} 2>/dev/null; while kill -0 ${pid}; do sleep 0.1; done 2>/dev/null; true`);
  try {
    await use(OUTPUT, stop);
  } finally {
    await stop();
  }
}

/** The messages among what datagram-receiver.py printed. */
function datagramsIn(output: string): string {
  const lines = output.split('\n').slice(1, -1);
  return lines.map((line) => Buffer.from(JSON.parse(line).data, 'base64').toString()).join('\n');
}

/** The number of the last record in text with syslog messages. */
function lastRecord(text: string): number {
  return Number([...text.matchAll(/\[driverd@32473 seq="(\d+)"/g)].at(-1)?.[1] ?? 0);
}
