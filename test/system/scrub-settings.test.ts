import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ROOT } from '../../scripts/development-folder.ts';
import { callOnce } from '../support/client.ts';
import { startTestDaemon, TEST_PROFILES, type TestDaemon } from '../support/daemon.ts';

const VALUE = 'the "best" kept\\secret/of all';
/** The talker's own secret. */
const OWN = 'correct-horse-battery';
const STAFF = {
  id: 'staff',
  keywords: ['emp-'],
  pattern: 'EMP-(?<secret>[0-9]{8})',
  examples: ['EMP-00471100'],
};
const SLOW = { id: 'slow', keywords: ['aaaa'], pattern: '.*x|a' };

let daemon: TestDaemon | undefined;
afterEach(async () => {
  await daemon?.stop();
  daemon = undefined;
});

/** Starts one whose settings have this `scrub`; the file `value` holds a secret. */
async function start(scrub: (folder: string) => object): Promise<TestDaemon> {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'value'), `${VALUE}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'token'), OWN, { mode: 0o600 });
  const talker = `version: 1\nsecrets: [{ name: token, file: ${folder}/token }]\n`;
  daemon = await startTestDaemon({
    folder,
    profiles: { ...TEST_PROFILES, talker },
    settings: `scrub: ${JSON.stringify(scrub(folder))}`,
  });
  return daemon;
}

function reload(
  { folder, log, state }: TestDaemon,
  scrub: object,
): { status: number | null; stderr: string } {
  const path = join(folder, 'driverd.yaml');
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('scrub:'));
  writeFileSync(path, [...lines, `scrub: ${JSON.stringify(scrub)}`, ''].join('\n'));
  const words = [join(ROOT, 'dist/driverctl/main.js'), 'reload', '--log', log, '--state', state];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', timeout: 30_000 });
  return { status, stderr };
}

async function said({ socket }: TestDaemon, text: string): Promise<string> {
  return (await callOnce(socket, 'echo.say', { text })).result.text;
}

test('what an admin lists is masked in results, on stderr, in logs and in no other place (invariant 10)', async () => {
  const own = await start((folder) => ({
    rules: [STAFF],
    allow: [{ text: 'changeit', rules: ['url-password'] }],
    values: [{ name: 'best-kept', file: `${folder}/value` }],
  }));
  const urls = 'https://bob:changeit@db/ https://bob:changeit2@db/';
  expect(await said(own, `EMP-12345678 EMP-1 ${urls}`)).toBe(
    'EMP-[REDACTED:staff] EMP-1 https://bob:changeit@db/ https://bob:[REDACTED:url-password]@db/',
  );
  const forms = [VALUE, Buffer.from(VALUE).toString('base64'), encodeURIComponent(VALUE)];
  for (const form of forms) expect(await said(own, `a ${form}`)).toMatch(/^a \[REDACTED:best-kept\].{0,2}$/);

  await callOnce(own.socket, 'talker.echo', { answer: 'nothing', text: `EMP-87654321 ${VALUE} ${OWN}` });
  const { lines } = (await callOnce(own.socket, 'rpc.logs', { driver: 'talker', lines: 100 })).result;
  expect(JSON.stringify(lines)).toContain('EMP-[REDACTED:staff] [REDACTED:best-kept] [REDACTED:token]');
  const everything = own.stderr() + JSON.stringify([own.records(), lines]);
  expect(everything).toContain('EMP-[REDACTED:staff]');
  for (const secret of [
    '12345678',
    '87654321',
    'kept\\\\secret',
    OWN,
    Buffer.from(VALUE).toString('base64').slice(0, -4),
  ])
    expect(everything).not.toContain(secret);
  const ends = own.records().filter(({ event }) => event === 'call-end');
  expect(ends.map(({ claims }) => claims['scrubbed'])).toContainEqual({ staff: 1, 'url-password': 1 });
});

test('a reload takes new rules, exceptions and values, and keeps the old ones where one is refused', async () => {
  const own = await start(() => ({ rules: [STAFF] }));
  writeFileSync(join(own.folder, 'value'), 'another-secret-value', { mode: 0o600 });
  const values = [{ name: 'other', file: join(own.folder, 'value') }];
  const vault = { id: 'vault', keywords: ['vault'], pattern: 'vault [a-z]+' };
  expect(reload(own, { rules: [vault], values })).toEqual({ status: 0, stderr: '' });
  const after = 'EMP-12345678 [REDACTED:vault] [REDACTED:other]';
  expect(await said(own, 'EMP-12345678 vault alpha another-secret-value')).toBe(after);

  for (const [scrub, why] of [
    [
      { rules: [{ ...vault, pattern: '((a{0,1000}){0,1000}){0,1000}' }] },
      /driverd\.yaml:\d+: scrub\.rules\.0\.pattern: its counted/,
    ],
    [{ rules: [{ ...vault, pattern: 'vault (?=a)' }] }, /scrub\.rules\.0\.pattern: it looks around/],
    [{ rules: [{ ...vault, id: 'UPPER' }] }, /scrub\.rules\.0\.id: must match/],
    [{ values: [{ name: 'gone', file: join(own.folder, 'gone') }] }, /scrub\.values\.0\.file: /],
  ] as const) {
    const { status, stderr } = reload(own, scrub);
    expect([status, stderr]).toEqual([10, expect.stringMatching(why)]);
    expect(await said(own, 'EMP-12345678 vault alpha another-secret-value')).toBe(after);
  }
  writeFileSync(join(own.folder, 'value'), 'short');
  expect(reload(own, { values }).stderr).toMatch(/scrub\.values\.0\.file: .*shorter than 8 bytes/);
  // What others could have written is no secret of root's.
  chmodSync(join(own.folder, 'value'), 0o666);
  expect(reload(own, { values }).stderr).toMatch(/scrub\.values\.0\.file: .*everybody can write it/);
});

test('a daemon does not start with a rule that is refused, and says which', async () => {
  await expect(start(() => ({ rules: [{ ...STAFF, examples: ['EMP-1'] }] }))).rejects.toThrow(
    /scrub\.rules\.0\.examples\.0: the pattern does not match it/,
  );
});

test('a rule that takes too long masks its line, is off for that call alone, and is on record', async () => {
  const own = await start(() => ({ rules: [SLOW, STAFF] }));
  expect(await said(own, `one\n${'a'.repeat(16_000)}\naaaa EMP-12345678`)).toBe(
    'one\n[REDACTED:scrub-budget]\naaaa EMP-[REDACTED:staff]',
  );
  expect(await said(own, 'aaaa')).toBe('[REDACTED:slow]');
  const warned = own
    .stderr()
    .split('\n')
    .filter((line) => line.includes('a scrub rule took too long'));
  expect(warned.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ rule: 'slow', profile: 'echo' }),
  ]);
  const [end] = own.records().filter(({ event }) => event === 'call-end');
  expect(end?.claims['scrubbed']).toEqual({ 'scrub-budget': 1, staff: 1 });
});
