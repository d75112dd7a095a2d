import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { type Client, connectClient } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';
import { rounds } from '../support/rounds.ts';

const CALLS = 100;
const TIMEOUT_MS = 600_000 * patience;
const uid = process.geteuid?.() ?? 0;
const gid = process.getegid?.() ?? 0;

const SCHEMA = JSON.stringify({
  type: 'object',
  additionalProperties: false,
  properties: { text: { type: 'string' }, count: { type: 'integer' } },
});
const RESULT =
  '{ type: object, additionalProperties: false, required: [exit_status], properties: { exit_status: { type: integer } } }';
const MARKS = ['', 'tags: [shown]', 'destructive: true', 'destructive: true, tags: [shown]'];
const METHODS = ['one', 'two', 'three', 'four'];

const condition = fc.constantFrom(
  ...['', '', ' when { context.params has text && context.params.text == "a" }'],
  ...[
    ' unless { context.params has count }',
    ' when { context.params has count && context.params.count > 3 }',
  ],
  ...[
    ' when { resource.destructive }',
    ' when { context.time.unix > 0 }',
    ' unless { context.isolation.root }',
  ],
  ' when { context.params has count && context.params.count * 9223372036854775807 > 1 }',
);
const policy = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
    hint: fc.constantFrom('', '@hint("ask in #ops")'),
    principal: fc.constantFrom(
      'principal',
      `principal == Uid::"${uid}"`,
      `principal in Gid::"${gid}"`,
      'principal == Uid::"4242"',
    ),
    action: fc.constantFrom(
      ...['action in Action::"call"', 'action in Action::"table"', 'action in Action::"tag:shown"'],
      ...METHODS.map((name) => `action == Action::"table.${name}"`),
    ),
    condition,
  })
  .map(
    ({ effect, hint, principal, action, condition: when }) =>
      `${hint}${effect}(${principal}, ${action}, resource)${when};`,
  )
  // Of such a one Cedar says itself that it can never match.
  .filter((text) => !/"table\.(?:one|two)".*resource\.destructive/.test(text));
const call = fc.record({
  method: fc.constantFrom(...METHODS.map((name) => `table.${name}`), 'table.nothing', 'nowhere.nothing'),
  params: fc.constantFrom(
    {},
    { text: 'a' },
    { text: 'b' },
    { count: 1 },
    { count: 2 },
    { text: 'a', count: 4 },
    { text: 1 },
    { other: 1 },
  ),
});

let daemon: TestDaemon;
let client: Client;
beforeAll(async () => {
  const drivers = mkdtempSync(join(tmpdir(), 'driverd-table-'));
  chmodSync(drivers, 0o755);
  mkdirSync(join(drivers, 'table'));
  const methods = METHODS.map(
    (name, at) =>
      `  ${name}: { ${[MARKS[at], ''].join(', ').replace(/^, /, '')}params: ${SCHEMA}, output: exit-status, result: ${RESULT} }`,
  );
  writeFileSync(
    join(drivers, 'table/driver.yaml'),
    `version: 1\nname: table\ndescription: Does nothing.\nkind: command\nprogram: { executable: /usr/bin/true }\nmethods:\n${methods.join('\n')}\n`,
  );
  daemon = await startTestDaemon({
    driverFolders: [drivers],
    profiles: { table: 'version: 1\n' },
    policy: '',
    settings: 'limits: { calls_per_minute: 10000000, destructive_calls_per_minute: 10000000 }',
  });
  writeFileSync(
    join(daemon.folder, 'policy.d/explain.cedar'),
    `permit(principal == Uid::"${uid}", action == Action::"rpc.explain", resource);\n`,
  );
  client = await connectClient(daemon.socket);
});
afterAll(() => {
  client.close();
  return daemon.stop();
});

function reload(): void {
  const program = join(ROOT, 'dist/driverctl/main.js');
  const words = ['reload', '--log', daemon.log, '--state', daemon.state];
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
}

test(
  'what can says is what the call gets, for any policies and calls',
  async () => {
    let cases = 0;
    let permitted = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(policy, { minLength: 1, maxLength: 6 }),
        fc.array(call, { minLength: CALLS, maxLength: CALLS }),
        async (policies, calls) => {
          writeFileSync(join(daemon.folder, 'policy.d/driverd.cedar'), policies.join('\n'));
          reload();
          for (const { method, params } of calls) {
            const { result: told } = await client.call('rpc.explain', { method, params });
            const { error } = await client.call(method, params);
            cases += 1;
            if (told.permitted === true) permitted += 1;
            const { reason, at, rule, hint } = told;
            const { data } = error ?? {};
            expect([method, params, reason, at, rule, hint]).toEqual([
              method,
              params,
              data?.reason,
              data?.at,
              data?.rule,
              data?.hint,
            ]);
          }
        },
      ),
      { numRuns: Math.ceil(rounds('canAndCall') / CALLS) },
    );
    console.log(`${cases} calls were as can had said, ${permitted} of them permitted`);
    expect(permitted).toBeGreaterThan(0);
    expect(permitted).toBeLessThan(cases);
  },
  TIMEOUT_MS,
);
