import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { type Decision, FEATURES, MEMBER, ROOT, type Who } from './decision-table.ts';

const SCHEMA = JSON.stringify({
  type: 'object',
  additionalProperties: false,
  properties: {
    text: { type: 'string' },
    count: { type: 'integer' },
    flag: { type: 'boolean' },
    ratio: { type: 'number' },
    list: { type: 'array', items: { type: 'string' } },
    nested: { type: 'object', additionalProperties: false, properties: { word: { type: 'string' } } },
    nullable: { type: ['string', 'null'] },
  },
});
const RESULT =
  '{ type: object, additionalProperties: false, required: [exit_status], properties: { exit_status: { type: integer } } }';

let daemon: TestDaemon;
beforeAll(async () => {
  const drivers = mkdtempSync(join(tmpdir(), 'driverd-table-'));
  spawnSync('chmod', ['755', drivers]);
  mkdirSync(join(drivers, 'table'));
  const methods = FEATURES.map(
    ({ name, marks = '' }) =>
      `  "${name}": { ${marks === '' ? '' : `${marks}, `}params: ${SCHEMA}, output: exit-status, result: ${RESULT} }`,
  );
  writeFileSync(
    join(drivers, 'table/driver.yaml'),
    `version: 1\nname: table\ndescription: Does nothing.\nkind: command\nprogram: { executable: /usr/bin/true }\nmethods:\n${methods.join('\n')}\n`,
  );
  const policy = FEATURES.map(({ name, policy: text }) =>
    text.replaceAll('ACTION', `Action::"table.${name}"`).replaceAll(/@id\("([pf])"\)/g, `@id("$1 ${name}")`),
  );
  daemon = await startTestDaemon({
    driverFolders: [drivers],
    profiles: { table: 'version: 1\n' },
    policy: `${policy.join('\n')}\npermit(principal == Uid::"0", action == Action::"rpc.status", resource);\n`,
    settings: 'roles: { keepers: { users: [daemon] }, readers: { groups: [adm] }, nobody: {} }',
  });
});
afterAll(() => daemon.stop());

/** Calls as another user: socat with that identity, as the kernel sees it. */
function callAs({ uid, gid, groups }: Who, method: string, params: unknown): Message {
  const list = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  const identity = ['--reuid', String(uid), '--regid', String(gid), ...list];
  const { stdout } = spawnSync('setpriv', [...identity, 'socat', '-t', '20', '-', `UNIX:${daemon.socket}`], {
    input: `${JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })}\n`,
    encoding: 'utf8',
  });
  return JSON.parse(stdout);
}

/** Ids of the policies that the record of the call names. */
async function decidedBy(request: string): Promise<readonly string[]> {
  const found = await expect
    .poll(() =>
      daemon.records().find(({ event, claims }) => claims['request_id'] === request && event !== 'call-end'),
    )
    .toBeDefined()
    .then(() => daemon.records().find(({ claims }) => claims['request_id'] === request));
  const policies = found?.claims['policies'];
  return Array.isArray(policies) ? policies.map(String) : [];
}

const rows = FEATURES.flatMap(({ name, decisions }) =>
  decisions.map((decision): [string, number, string, Decision] => [
    name,
    decision.who.uid,
    decision.permitted ? 'permitted' : 'denied',
    decision,
  ]),
);

test('the table has at least 120 decisions', () => {
  expect(rows.length).toBeGreaterThanOrEqual(120);
});

describe('over the real socket', () => {
  test.each(rows)('%s: uid %d is %s', async (name, _uid, _outcome, { who, params = {}, permitted, by }) => {
    const meta = '_meta' in params && typeof params._meta === 'object' ? params._meta : {};
    const reply = callAs(who, `table.${name}`, { ...params, _meta: { ...meta, reply: true } });
    const request = String(permitted ? reply._meta?.['request_id'] : reply.error?.data.request_id);
    expect(reply.error?.data.reason ?? 'permitted').toBe(permitted ? 'permitted' : 'forbidden');
    expect(await decidedBy(request)).toEqual(by.map((id) => `${id} ${name}`));
  });

  test('a method that does not exist is forbidden to root too, and a built-in one is for whom a policy names', () => {
    expect(callAs(ROOT, 'table.nothing', {}).error?.data.reason).toBe('forbidden');
    expect(callAs(ROOT, 'rpc.status', {}).error).toBeUndefined();
    expect(callAs(MEMBER, 'rpc.status', {}).error?.data.reason).toBe('forbidden');
  });
});
