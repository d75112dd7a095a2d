import { chmodSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { callOnce } from '../support/client.ts';
import { type AuditRecord, startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

let daemon: TestDaemon;
afterEach(() => daemon.stop());

const WITHIN = { timeout: 15_000 * patience };
const uid = process.geteuid?.() ?? 0;
const HASH = /^[0-9a-f]{64}$/;

const all = (event: string): readonly AuditRecord[] =>
  daemon.records().filter((record) => record.event === event);
const count = (event: string) => (): number => all(event).length;
const path = (name: string): string => join(daemon.folder, name);

/** Has the daemon reload, and waits for what comes of it. */
async function reload(event: 'reload' | 'reload-refused'): Promise<AuditRecord> {
  const before = count(event)();
  daemon.monitor.kill('SIGHUP');
  await expect.poll(count(event), WITHIN).toBe(before + 1);
  return all(event).at(-1) as AuditRecord;
}

describe('the configuration is on record', () => {
  test('at a start and at each reload: who asked, the files by digest, what changed, which drivers came and went', async () => {
    daemon = await startTestDaemon({ profiles: { echo: 'version: 1\n', catter: 'version: 1\n' } });
    await expect.poll(count('driver-enabled'), WITHIN).toBe(2);
    expect(all('daemon-start')[0]?.facts).toMatchObject({
      ...{ generation: 1, digest: expect.stringMatching(HASH), durability: 'outcome' },
      params_key: expect.stringMatching(/^[0-9a-f]{16}$/),
      files: expect.arrayContaining([
        { path: path('drivers.d/echo.yaml'), sha256: expect.stringMatching(HASH) },
      ]),
    });

    writeFileSync(path('drivers.d/more.yaml'), 'version: 1\ndriver: echo\n');
    unlinkSync(path('drivers.d/catter.yaml'));
    const reloaded = await reload('reload');
    expect(reloaded).toMatchObject({ facts: { generation: 2, asked_by: 'signal' } });
    expect(reloaded.claims).toEqual({ changes: [], change_count: 0 });
    expect(all('configuration-changed').at(-1)?.facts).toMatchObject({
      found_by: 'reload',
      changes: expect.arrayContaining([
        expect.objectContaining({ path: path('drivers.d/more.yaml'), change: 'added' }),
        expect.objectContaining({ path: path('drivers.d/catter.yaml'), change: 'removed' }),
      ]),
    });
    expect(all('driver-enabled').at(-1)?.facts).toMatchObject({
      profile: 'more',
      driver: 'echo',
      generation: 2,
    });
    expect(all('driver-disabled').at(-1)?.facts).toMatchObject({ profile: 'catter', generation: 2 });
  });

  test('by policies and settings too, as the broker tells them: which came, went or are others, and numbers as they were', async () => {
    daemon = await startTestDaemon({
      policy: '@id("stays") permit(principal == Uid::"0", action in Action::"rpc", resource);\n',
      settings: 'roles: { people: { users: [daemon] } }\n',
    });
    const rest = readFileSync(path('driverd.yaml'), 'utf8').replace(/^roles:.*$/m, '');
    writeFileSync(
      path('driverd.yaml'),
      `${rest}\nroles: { keepers: { users: [daemon] } }\nlimits: { calls_per_minute: 60 }\n`,
    );
    writeFileSync(
      path('policy.d/more.cedar'),
      '@id("more") permit(principal in Role::"keepers", action == Action::"rpc.status", resource);\n',
    );
    const nothing = { before: null, now: null };
    expect((await reload('reload')).claims).toEqual({
      changes: [
        { what: 'policy', name: 'more', change: 'added', ...nothing },
        { what: 'setting', name: 'limits.calls_per_minute', change: 'changed', before: 6_000, now: 60 },
        { what: 'setting', name: 'roles.keepers', change: 'added', ...nothing },
        { what: 'setting', name: 'roles.people', change: 'removed', ...nothing },
      ],
      change_count: 4,
    });
    writeFileSync(
      path('policy.d/more.cedar'),
      '@id("more") permit(principal, action == Action::"rpc.status", resource);\n',
    );
    expect((await reload('reload')).claims['changes']).toEqual([
      { what: 'policy', name: 'more', change: 'changed', ...nothing },
    ]);
    unlinkSync(path('policy.d/more.cedar'));
    expect((await reload('reload')).claims['changes']).toEqual([
      { what: 'policy', name: 'more', change: 'removed', ...nothing },
    ]);
  });

  test('also where it is refused, with the file that others could have written', async () => {
    daemon = await startTestDaemon();
    chmodSync(path('policy.d/driverd.cedar'), 0o666);
    const refused = await reload('reload-refused');
    expect(refused.facts).toMatchObject({
      asked_by: 'signal',
      reason: expect.stringContaining('everybody can write it'),
    });
    await expect.poll(count('permission-violation'), WITHIN).toBe(1);
    expect(all('permission-violation')[0]?.facts).toEqual({
      ...{ path: path('policy.d/driverd.cedar'), why: 'everybody can write it', found_by: 'reload' },
    });
  });

  test('where files change between two loads, and where one of driverd’s own is not as it was', async () => {
    daemon = await startTestDaemon({ audit: 'watch_ms: 1000' });
    writeFileSync(path('drivers.d/echo.yaml'), 'version: 1\n# changed\n');
    await expect.poll(count('configuration-changed'), WITHIN).toBe(1);
    expect(all('configuration-changed')[0]?.facts).toMatchObject({
      ...{ found_by: 'watch', generation: 1, change_count: 1 },
      changes: [
        { path: path('drivers.d/echo.yaml'), change: 'changed', sha256: expect.stringMatching(HASH) },
      ],
    });
    chmodSync(daemon.socket, 0o777);
    await expect.poll(count('permission-violation'), WITHIN).toBe(1);
    expect(all('permission-violation')[0]?.facts).toEqual({
      ...{ path: daemon.socket, why: 'it has mode 0777, and had 0666', found_by: 'watch' },
    });
    renameSync(daemon.socket, `${daemon.socket}.away`);
    await expect.poll(count('permission-violation'), WITHIN).toBe(2);
    expect(all('permission-violation')[1]?.facts).toMatchObject({ why: 'the socket is gone' });
    renameSync(`${daemon.socket}.away`, daemon.socket);
    // What was found is not found again by the reload that takes it.
    await reload('reload');
    expect(count('configuration-changed')()).toBe(1);
  });

  test('a driver whose program was changed since it was loaded says so at each launch', async () => {
    daemon = await startTestDaemon({ driverFolders: [], profiles: {} });
    const folder = path('drivers/hello');
    const program = join(folder, 'hello.mjs');
    const text =
      "import { readFileSync } from 'node:fs';\nconst { id } = JSON.parse(readFileSync(0, 'utf8'));\n" +
      "console.log(JSON.stringify({ jsonrpc: '2.0', id, result: {} }));\n";
    mkdirSync(folder);
    writeFileSync(
      join(folder, 'driver.yaml'),
      'version: 1\nname: hello\nkind: jsonrpc\nprogram: { node: hello.mjs }\nmethods:\n  say:\n' +
        '    params: { type: object, additionalProperties: false }\n    result: { type: object }\n',
    );
    writeFileSync(program, text);
    chmodSync(program, 0o644);
    writeFileSync(path('drivers.d/hello.yaml'), 'version: 1\n');
    await reload('reload');
    expect((await callOnce(daemon.socket, 'hello.say')).result).toEqual({});
    writeFileSync(program, `${text}// changed\n`);
    expect((await callOnce(daemon.socket, 'hello.say')).result).toEqual({});
    expect(all('launch').map(({ facts }) => facts['program_changed'])).toEqual([false, true]);
    const [one, other] = all('launch').map(({ facts }) => facts['driver_digest']);
    expect(one).toBe(other);
    // Loaded anew it is another driver, by its digest.
    await reload('reload');
    await callOnce(daemon.socket, 'hello.say');
    expect(all('launch').at(-1)?.facts['program_changed']).toBe(false);
    expect(all('launch').at(-1)?.facts['driver_digest']).not.toBe(one);
  });
});

test('a user who is denied again and again is on record once, beside each denial', async () => {
  daemon = await startTestDaemon({ audit: 'repeated_denials: 5' });
  for (let times = 0; times < 8; times += 1) await callOnce(daemon.socket, 'no.such');
  await expect.poll(count('repeated-denials'), WITHIN).toBe(1);
  expect(all('repeated-denials')[0]).toMatchObject({ facts: { uid }, claims: { total: 5 } });
  expect(count('denied')()).toBe(8);
});

test('a durability below the default is no secret: it stands in the start’s record and in the status (invariant 11)', async () => {
  daemon = await startTestDaemon({ audit: 'durability: intent' });
  expect(all('daemon-start')[0]?.facts['durability']).toBe('intent');
  const { result } = await callOnce(daemon.socket, 'rpc.status');
  expect(result.audit.durability).toBe('intent');
  expect(result.warnings).toContain('audit.durability is intent');
});
