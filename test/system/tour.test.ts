import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BUNDLED_PROFILES, ROOT } from '../../scripts/development-folder.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';

const RELOADS_WITHIN_MS = 20_000;
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const manual = readFileSync(join(ROOT, 'docs/driverctl.md'), 'utf8');
let daemon: TestDaemon;

/** Runs a line of a document in a shell in the checkout, against the daemon of this test. */
function run(line: string): {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
} {
  return spawnSync('/bin/sh', ['-c', line.replaceAll('run/driverd.sock', daemon.socket)], {
    cwd: ROOT,
    encoding: 'utf8',
    env: {
      ...process.env,
      DRIVERD_SOCKET: daemon.socket,
      DRIVERD_LOG: daemon.log,
      DRIVERD_STATE: daemon.state,
    },
  });
}

/** The lines of a document's code blocks that a reader would type. */
function typed(document: string, wanted: RegExp): string[] {
  const blocks = [...document.matchAll(/^```\w*\n([\s\S]*?)^```/gm)].map(([, block = '']) => block);
  return blocks.flatMap((block) => block.split('\n')).filter((line) => wanted.test(line));
}

beforeAll(async () => {
  daemon = await startTestDaemon({ profiles: BUNDLED_PROFILES });
});
afterAll(() => daemon.stop());

describe('the tour of README.md', () => {
  const lines = typed(readme, /^(?:npx driverctl|printf) /).filter((line) => !line.includes('hello.'));

  test('has all its commands tried here', () => {
    expect(lines.length).toBeGreaterThanOrEqual(6);
  });

  test.each(lines)('%s', (line) => {
    const { status, stdout, stderr } = run(line);
    expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    expect(stdout).not.toBe('');
  });

  test('ends with a driver of one’s own that answers after a reload', async () => {
    const blocks = [
      ...readme.matchAll(/`run\/((?:drivers|drivers\.d)\/[\w./-]+)`:\n\n```yaml\n([\s\S]*?)^```/gm),
    ];
    expect(blocks.map(([, path]) => path)).toEqual(['drivers/hello/driver.yaml', 'drivers.d/hello.yaml']);
    for (const [, path = '', text = ''] of blocks) {
      const place = join(daemon.folder, path);
      mkdirSync(dirname(place), { recursive: true, mode: 0o755 });
      writeFileSync(place, text, { mode: 0o644 });
    }
    expect(readme).toContain('pkill -HUP -f dist/monitor/main.js');
    process.kill(daemon.pid, 'SIGHUP');
    const giveUpAt = Date.now() + RELOADS_WITHIN_MS;
    while (!daemon.records().some(({ event }) => event.startsWith('reload'))) {
      if (Date.now() > giveUpAt) throw new Error('Cannot see a reload in the log');
      await wait(20);
    }
    const [call = ''] = typed(readme, /hello\.greet/);
    expect(JSON.parse(run(call).stdout)).toMatchObject({ exit_status: 0, stdout: 'Hello, World!' });
  });
});

describe('the examples of docs/driverctl.md', () => {
  const [block = ''] = manual.match(/^```\n[\s\S]*?^```/m) ?? [];
  const lines = block
    .split('\n')
    .filter((line) => line.includes('driverctl '))
    .map((line) => line.split(/\s{3,}/)[0] ?? '')
    .map((line) => line.replace(' -f', '').replace(/\bdriverctl /, 'npx driverctl '));
  /** What an example names that is not there in a test, and what driverctl says of it. */
  const REFUSED: Readonly<Record<string, string>> = {
    // Its answer is no, and says why on standard output.
    'can disk.usage path=/srv --as daemon': '',
    'audit search --caller bob': 'this host has no such user',
    'audit show 01890a5d': 'names it',
    'audit ship --to journald': '--position says where to keep how far it has come',
    'audit reset': 'a daemon runs on',
    'scrub --explain build.log': 'Cannot read build.log: it does not exist',
  };

  test.each(lines)('%s', (line) => {
    const { status, stderr } = run(line);
    const [, refused] = Object.entries(REFUSED).find(([words]) => line.includes(words)) ?? [];
    if (refused === undefined) expect([status, status === 0 ? '' : stderr]).toEqual([0, '']);
    else expect(stderr).toContain(refused);
  });
});
