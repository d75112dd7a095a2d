import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../../support/client.ts';
import { installedDriverd } from './installed-driverd.ts';
import { sharedBed } from './shared-bed.ts';

const SOCKET = '/run/driverd/driverd.sock';
const POLICY = '/etc/driverd/policy.d/units.cedar';
/** A user that each Debian has; its manager runs without a login. */
const USER = { name: 'daemon', uid: 1 };
const MANAGER = `user@${USER.uid}.service`;
const RUNTIME = `/run/user/${USER.uid}`;
/** pam_systemd is not there to say where it is. */
const MANAGER_DROP_IN = `/run/systemd/system/${MANAGER}.d/runtime.conf`;
const USER_UNITS = '/run/systemd/user';

/** Where the kernel proves whose unit a caller is in: that of the machine refuses such a policy, see machine.bed.ts. */
const bed = sharedBed('nspawn');
const driverd = installedDriverd(bed);

const request = (method: string): string =>
  `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { text: 'x', _meta: { reply: true } } })}\n`;
const client = `/usr/bin/socat -t 240 - UNIX-CONNECT:${SOCKET}`;

/** One call by a process of a unit of the system's manager. */
async function callInUnit(unit: string, user: string, method: string): Promise<Message> {
  const asUser = [`--property=User=${user}`, '--property=SupplementaryGroups=driverd'];
  const run = ['systemd-run', '--quiet', '--pipe', '--wait', '--collect', `--unit=${unit}`, ...asUser];
  const { stdout, stderr } = await bed.run([...run, ...client.split(' ')], { input: request(method) });
  return readReply(stdout, stderr);
}

/** One call by a process of a scope, as which systemd knows a container of an engine. */
async function callInScope(scope: string, method: string): Promise<Message> {
  const run = ['systemd-run', '--quiet', '--scope', '--collect', `--unit=${scope}`];
  const { stdout, stderr } = await bed.run([...run, ...client.split(' ')], { input: request(method) });
  return readReply(stdout, stderr);
}

/** The same by one of a unit of the user's own manager, which the user names. */
async function callInUserUnit(unit: string, method: string): Promise<Message> {
  const [sent, answered] = [`${RUNTIME}/request`, `${RUNTIME}/answer`];
  await bed.write(sent, request(method));
  const streams = `StandardInput=file:${sent}\nStandardOutput=truncate:${answered}`;
  await bed.write(`${USER_UNITS}/${unit}`, `[Service]\nType=oneshot\nExecStart=${client}\n${streams}\n`);
  const manager = ['setpriv', `--reuid=${USER.uid}`, `--regid=${USER.uid}`, '--clear-groups'];
  const ask = [...manager, 'env', `XDG_RUNTIME_DIR=${RUNTIME}`, 'systemctl', '--user'];
  await bed.sh(`${ask.join(' ')} daemon-reload && ${ask.join(' ')} start ${unit}; rm ${USER_UNITS}/${unit}`);
  return readReply(await bed.read(answered), 'no answer');
}

function readReply(stdout: string, otherwise: string): Message {
  const [line = ''] = stdout.split('\n');
  if (line === '') throw new Error(`Cannot call from a unit: ${otherwise}`);
  return JSON.parse(line);
}

/** What a caller got, and what the log says of it: by which policies, and in which unit its process was. */
async function judged(reply: Message): Promise<Readonly<Record<string, unknown>>> {
  const id = reply.error?.data.request_id ?? reply._meta?.['request_id'];
  const records = await driverd.records();
  const said = records.find(({ claims, event }) => claims['request_id'] === id && event !== 'call-end');
  const { uid, unit } = said?.facts ?? {};
  return { got: reply.error?.data.reason ?? reply.result, by: said?.claims['policies'], uid, unit };
}

const PERMITTED = { text: 'x' };

describe('a caller in a unit', () => {
  beforeAll(async () => {
    await driverd.configure(
      { echo: '', other: 'driver: echo\n' },
      'roles: { machines: { units: [sync.service] } }\n',
    );
    await bed.write(
      POLICY,
      [
        '@id("backup") permit(principal in Unit::"backup.service", action == Action::"echo.say", resource);',
        '@id("a-users-backup") permit(principal in UserUnit::"backup.service", action == Action::"other.say", resource);',
        '@id("machines") permit(principal in Role::"machines", action in Action::"call", resource);',
        '@id("inside") permit(principal == Uid::"0", action == Action::"other.say", resource) when { context has container && context.container.runtime == "docker" };',
        '@id("not-the-web") forbid(principal in Unit::"web.service", action, resource);',
      ].join('\n'),
    );
    await bed.sh(`gpasswd --add ${USER.name} driverd`);
    await bed.sh(`mkdir -p ${USER_UNITS} ${MANAGER_DROP_IN.slice(0, MANAGER_DROP_IN.lastIndexOf('/'))}`);
    await bed.write(MANAGER_DROP_IN, `[Service]\nEnvironment=XDG_RUNTIME_DIR=${RUNTIME}\n`);
    await bed.sh(`systemctl daemon-reload && systemctl start ${MANAGER}`);
  });
  afterAll(async () => {
    await bed.sh(`systemctl stop ${MANAGER}; rm -f ${POLICY} ${MANAGER_DROP_IN}; systemctl daemon-reload`);
    await bed.sh(`gpasswd --delete ${USER.name} driverd`);
    await driverd.configure({});
  });

  test('is permitted by the policy that names the unit, and by no other unit of the same user', async () => {
    const unit = { manager: 'system', name: 'backup.service' };
    expect(await judged(await callInUnit('backup.service', USER.name, 'echo.say'))).toEqual({
      ...{ got: PERMITTED, by: ['backup'], uid: USER.uid, unit },
    });
    expect(await judged(await callInUnit('backup.service', USER.name, 'other.say'))).toEqual({
      ...{ got: 'forbidden', by: [], uid: USER.uid, unit },
    });
    expect(await judged(await callInUnit('backups.service', USER.name, 'echo.say'))).toEqual({
      ...{ got: 'forbidden', by: [], uid: USER.uid, unit: { ...unit, name: 'backups.service' } },
    });
  });

  test('is denied by the policy that forbids the unit, although it is root and root is permitted (Z10)', async () => {
    expect(await judged(await callInUnit('web.service', 'root', 'echo.say'))).toEqual({
      ...{ got: 'forbidden', by: ['not-the-web'], uid: 0, unit: { manager: 'system', name: 'web.service' } },
    });
    expect((await callInUnit('shop.service', 'root', 'echo.say')).result).toEqual(PERMITTED);
  });

  test('that is a container’s is not root, although it looks like it: only what asks for the container permits it (N9)', async () => {
    const scope = `docker-${'0123456789abcdef'.repeat(4)}.scope`;
    const unit = { manager: 'system', name: scope };
    expect(await judged(await callInScope(scope, 'echo.say'))).toEqual({
      ...{ got: 'forbidden', by: [], uid: 0, unit },
    });
    expect(await judged(await callInScope(scope, 'other.say'))).toEqual({
      ...{ got: PERMITTED, by: ['inside'], uid: 0, unit },
    });
  });

  test('is in the role that has the unit', async () => {
    const unit = { manager: 'system', name: 'sync.service' };
    expect(await judged(await callInUnit('sync.service', USER.name, 'other.say'))).toEqual({
      ...{ got: PERMITTED, by: ['machines'], uid: USER.uid, unit },
    });
  });

  test('of a user’s own manager is a UserUnit, and never the system’s unit of that name (invariant 3)', async () => {
    const unit = { manager: 'user', name: 'backup.service' };
    expect(await judged(await callInUserUnit('backup.service', 'echo.say'))).toEqual({
      ...{ got: 'forbidden', by: [], uid: USER.uid, unit },
    });
    expect(await judged(await callInUserUnit('backup.service', 'other.say'))).toEqual({
      ...{ got: PERMITTED, by: ['a-users-backup'], uid: USER.uid, unit },
    });
    expect(await judged(await callInUserUnit('sync.service', 'other.say'))).toEqual({
      ...{ got: 'forbidden', by: [], uid: USER.uid, unit: { ...unit, name: 'sync.service' } },
    });
  });
});
