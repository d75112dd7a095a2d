import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../../../scripts/development-folder.ts';
import { type Client, connectClient } from '../../support/client.ts';
import { startTestDaemon, TEST_DRIVERS, type TestDaemon } from '../../support/daemon.ts';
import { attemptsOf, type Got, type Places, type Subject } from './powerful-attempts.ts';

/**
 * What an ordinary driver tries in attempts.test.ts, tried by a driver that has more: by one with CAP_NET_RAW, and by one
 * that runs as root. powerful-attempts.ts says of each attempt what comes of it, or why it does not apply.
 */
const REASON = 'tries to break out, for a test';
const SUBJECTS: Readonly<Record<Subject, string>> = {
  'a driver with CAP_NET_RAW': 'capabilities: [CAP_NET_RAW]',
  'a driver that runs as root': `user: root\naccept_root: ${REASON}`,
};
const GRANTS = {
  plain: '',
  loopback: 'network: loopback',
  packet: 'network: loopback\nsyscalls: { sockets: [packet] }',
  host: 'network: host',
};
const subjects: readonly Subject[] = ['a driver with CAP_NET_RAW', 'a driver that runs as root'];
const short = (subject: Subject): string => (subject === 'a driver that runs as root' ? 'root' : 'raw');

let folder: string;
let daemon: TestDaemon;
let client: Client;
let places: Places;

beforeAll(async () => {
  process.umask(0o022);
  folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  cpSync(join(TEST_DRIVERS, 'attempt'), join(folder, 'attempt'), { recursive: true });
  const shared = join(folder, 'shared');
  const writable = join(folder, 'writable');
  for (const path of [shared, writable]) mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(shared, 'of-root'), 'of root', { mode: 0o600 });
  writeFileSync(join(shared, 'of-another'), 'of another', { mode: 0o600 });
  chownSync(join(shared, 'of-another'), 4_242, 4_242);
  copyFileSync('/usr/bin/id', join(shared, 'set-uid-id'));
  chmodSync(join(shared, 'set-uid-id'), 0o4755);
  const files = `filesystem: { read: [${shared}, /sys/kernel], write: [${writable}] }`;
  const profiles = Object.fromEntries(
    subjects.flatMap((subject) =>
      Object.entries({ ...GRANTS, files }).map(([name, grants]) => [
        `${short(subject)}-${name}`,
        `version: 1\ndriver: attempt\n${SUBJECTS[subject]}\n${grants}\n`,
      ]),
    ),
  );
  // Without a user namespace the limit of processes is that of all launches at once.
  daemon = await startTestDaemon({ profiles, settings: 'limits: { launches: 8 }' });
  client = await connectClient(daemon.socket);
  places = { shared, writable, log: daemon.log, socket: daemon.socket, pid: daemon.pid };
});
afterAll(async () => {
  client.close();
  await daemon.stop();
  rmSync(folder, { recursive: true });
});

async function inside(
  subject: Subject,
  words: readonly (string | number)[],
  grants: string = 'plain',
): Promise<Got> {
  const reply = await client.call(`${short(subject)}-${grants}.run`, { words: words.map(String) });
  if (reply.error !== undefined)
    throw new Error(`${reply.error.message}: ${JSON.stringify(reply.error.data)}`);
  return reply.result.stdout;
}

/** The same program in no sandbox, as root. */
function outside(words: readonly string[]): Got {
  const { stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    ['-I', '-B', join(folder, 'attempt/attempt.py'), ...words],
    { encoding: 'utf8', cwd: '/' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

const everyAttempt = readdirSync(join(TEST_DRIVERS, 'attempt'))
  .filter((name) => name.endsWith('.py'))
  .flatMap((name) => [
    ...readFileSync(join(TEST_DRIVERS, 'attempt', name), 'utf8').matchAll(/^def try_(\w+)/gm),
  ])
  .map(([, name = '']) => name)
  .sort();

describe.each(subjects)('%s', (subject) => {
  const attempts = attemptsOf(subject);

  test('has an answer for every attempt that there is', () => {
    expect(Object.keys(attempts).sort()).toEqual(everyAttempt);
  });

  const tried = Object.entries(attempts).flatMap(([name, entry]) =>
    Array.isArray(entry) ? entry.map((one) => ({ name, ...one })) : [],
  );
  test.each(tried)('tries $name: $what (invariant 7, X1)', async ({ name, words, grants, check }) => {
    check(await inside(subject, [name, ...words(places)], grants));
  });

  test('has in each of its five sets exactly what was granted, and no way to more (invariant 7, L3)', async () => {
    const granted = subject === 'a driver that runs as root' ? '0' : '2000';
    const { value } = await inside(subject, ['own_sets']);
    expect(Object.values(value as object)).toEqual([granted, granted, granted, granted, granted]);
  });
});

describe('what the attempts above would change', () => {
  test('can be changed by root outside of a sandbox: the controls', () => {
    for (const path of ['/proc/sys/kernel/hostname', '/sys/kernel/mm/transparent_hugepage/enabled'])
      expect(outside(['open_for_writing', path])).toEqual({ ok: true, value: 'opened' });
    for (const path of ['/dev/null', '/proc/version'])
      expect(outside(['set_mode', path])).toEqual({ ok: true, value: 'set' });
  });

  test('is as it was', () => {
    expect(statSync('/dev/null').mode & 0o777).toBe(0o666);
    expect(statSync(join(places.shared, 'of-root')).mode & 0o777).toBe(0o600);
  });
});

describe('a root driver', () => {
  test('is warned of by driverctl doctor, with its reason', () => {
    const words = [join(ROOT, 'dist/driverctl/main.js'), 'doctor', '--json', '--socket', daemon.socket];
    const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    const risks = Object.fromEntries(
      JSON.parse(stdout).drivers.map((driver: { name: string; risks: string[] }) => [
        driver.name,
        driver.risks,
      ]),
    );
    expect(risks['root-plain']).toEqual([
      `Root was accepted: ${REASON}`,
      expect.stringMatching(/^It runs as root: /),
    ]);
    expect(risks['root-host']).toHaveLength(3);
    expect(risks['raw-plain']).toEqual([]);
    expect(risks['raw-host']).toEqual([expect.stringMatching(/^CAP_NET_RAW /)]);
  });

  test('is named with its reason in the record of each launch, and in the operational log', async () => {
    await inside('a driver that runs as root', ['umask']);
    const launches = daemon.records().filter(({ event, facts }) => {
      return event === 'launch' && String(facts['profile']).startsWith('root-');
    });
    expect(launches.length).toBeGreaterThan(0);
    for (const { facts } of launches)
      expect(facts['isolation']).toMatchObject({ uid: 0, accept_root: REASON, way: 'inner-setpriv' });
    expect(daemon.stderr()).toContain('a driver starts as root');
    expect(daemon.stderr()).toContain('It runs as root: what it writes is root’s');
    const others = daemon.records().filter(({ event, facts }) => {
      return event === 'launch' && String(facts['profile']).startsWith('raw-');
    });
    for (const { facts } of others) {
      expect(facts['isolation']).not.toHaveProperty('accept_root');
      expect(facts['isolation']).toMatchObject({ capabilities: ['CAP_NET_RAW'] });
    }
  });
});
