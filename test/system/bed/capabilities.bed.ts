import { describe, expect, test } from 'vitest';
import { bedKinds } from './bed.ts';
import { installedDriverd, until } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const GRANT = 'network: loopback\ncapabilities: [CAP_NET_RAW]\n';
const UNIT = '/etc/systemd/system/driverd.service.d';
const SHIPPED = '/usr/share/doc/driverd/driverd.service.d/without-user-namespaces.conf';

describe.each(bedKinds)('a granted capability in the bed "%s"', (kind) => {
  const bed = sharedBed(kind);
  const driverd = installedDriverd(bed);

  test('is refused by the unit as it is, which has not got it itself; the line says what to add', async () => {
    await driverd.configure({
      ping: `${GRANT}environment: { PING_TARGETS: 127.0.0.1 }\n`,
      stubborn: GRANT,
    });
    expect((await bed.run(['systemctl', 'start', 'driverd.service'])).status).not.toBe(0);
    expect((await driverd.journal()).join('\n')).toMatch(
      /ping\.yaml:3: capabilities\.0: driverd itself has not got CAP_NET_RAW: add it to CapabilityBoundingSet=/,
    );
  });

  test('gets ping its echo as an ordinary user, once the unit has it', async () => {
    await bed.sh(`mkdir -p ${UNIT} && cp ${SHIPPED} ${UNIT}`);
    await bed.write(`${UNIT}/ping.conf`, '[Service]\nCapabilityBoundingSet=CAP_NET_RAW\n');
    await bed.sh('systemctl daemon-reload && systemctl reset-failed driverd.service');
    const reply = await driverd.call('ping.send', { target: '127.0.0.1', wait_ms: 10_000 });
    expect(reply.result).toMatchObject({ target: '127.0.0.1', sent: 1, received: 1 });
    const launch = (await driverd.records()).findLast(({ event }) => event === 'launch');
    expect(launch?.facts['isolation']).toMatchObject({ way: 'inner-setpriv', capabilities: ['CAP_NET_RAW'] });
    expect(Object(launch?.facts['isolation']).uid).toBeGreaterThan(0);
  });

  test('is all that getpcaps shows of a driver that runs', async () => {
    await driverd.callInBackground('stubborn.run');
    await until(async () => (await bed.sh('pgrep -f "^sleep 1002" || true')) !== '');
    const { stdout, stderr } = await bed.run(['sh', '-c', 'getpcaps $(pgrep -f "^sleep 1002")']);
    expect(`${stdout}${stderr}`.trim()).toMatch(/^[0-9]+: cap_net_raw=eip$/);
    expect(await bed.sh('ps -o uid= -p $(pgrep -f "^sleep 1002")')).toMatch(/^\s*7[0-9]{4}\n$/);
    await driverd.configure({});
  });
});
