// As in the monitor: what this process was started with is not handed on.
import '../../src/posix/close-inherited.ts';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { PosixError } from '../../src/posix/libc.ts';
import { makePipe } from '../../src/posix/pipes.ts';
import { startProcess } from '../../src/posix/start-process.ts';
import { isAlive } from '../support/processes.ts';

const SIGPIPE_BIT = 1n << 12n;

/** What a program that is started prints, and how it ends. */
async function run(
  words: readonly [string, ...string[]],
  further: readonly (number | 'ignore')[] = [],
): Promise<{ text: string; status: number; wasKilled: boolean }> {
  const output = makePipe();
  const { ended } = startProcess(words, ['ignore', output.write.number, 2, ...further]);
  output.write.close();
  const end = await ended;
  const text = readFileSync(output.read.number, 'utf8');
  output.read.close();
  return { text, ...end };
}

const shell = (script: string) => ['/bin/sh', '-c', script] as const;

describe('a program that is started', () => {
  test('has its words, no environment, and / as its folder', async () => {
    const { text } = await run([
      '/bin/sh',
      '-c',
      'pwd; printf "<%s>" "$@"; /usr/bin/env',
      'sh',
      'a b',
      '',
      'ü',
    ]);
    expect(text).toBe('/\n<a b><><ü>PWD=/\n');
  });

  test('has a session of its own, every signal as it is by default, and none blocked', async () => {
    const own = BigInt(`0x${/^SigIgn:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
    // Else this would show nothing: Node ignores it, and what is ignored stays so.
    expect(own & SIGPIPE_BIT).toBe(SIGPIPE_BIT);
    const { text } = await run(['/bin/grep', '-E', '^(NSsid|Pid|Sig(Ign|Blk|Cgt)):', '/proc/self/status']);
    const fields = new Map(
      text
        .trim()
        .split('\n')
        .map((line) => line.split(':\t') as [string, string]),
    );
    expect(fields.get('SigIgn')).toMatch(/^0+$/);
    expect(fields.get('SigBlk')).toMatch(/^0+$/);
    expect(fields.get('NSsid')).toBe(fields.get('Pid'));
  });

  test('has the descriptors that were given, each in its place, and no other', async () => {
    // Left open here and not close-on-exec, they would be there; those of this process are.
    const { text } = await run(['/bin/ls', '-l', '/proc/self/fd'], ['ignore']);
    const numbers = [...text.matchAll(/ (\d+) -> (\S+)/g)].map(([, number, to]) => `${number} ${to}`);
    // The last one is the folder that ls reads.
    expect(numbers).toHaveLength(5);
    expect(numbers[0]).toBe('0 /dev/null');
    expect(numbers[3]).toBe('3 /dev/null');
  });

  test('also where the numbers of one stand in the places of others', async () => {
    const files = ['/dev/zero', '/dev/full', '/dev/random', '/dev/tty'].filter(existsSync).slice(0, 3);
    const opened = files.map((file) => openSync(file, 'r'));
    const [zero = -1, full = -1, random = -1] = opened;
    // So many that each of the three has its number among the places.
    const places = Math.max(...opened) + 4;
    const further: (number | 'ignore')[] = Array.from({ length: places - 3 }, () => 'ignore');
    const wanted = new Map([
      [random, zero],
      [zero, full],
      [full, random],
      [places - 1, zero],
      [places - 2, full],
    ]);
    for (const [place, number] of wanted) further[place - 3] = number;
    const { text } = await run(['/bin/ls', '-l', '/proc/self/fd'], further);
    const names = new Map(opened.map((number, at) => [number, files[at]]));
    for (const [place, number] of wanted) expect(text).toContain(` ${place} -> ${names.get(number)}\n`);
    expect(text.match(/ -> /g)).toHaveLength(places + 1);
    for (const number of opened) closeSync(number);
  });

  test('gives its exit status, or the signal that ended it', async () => {
    expect(await run(shell('exit 7'))).toMatchObject({ status: 7, wasKilled: false });
    expect(await run(shell('kill -9 $$'))).toMatchObject({ status: 137, wasKilled: true });
    expect(await run(shell('kill -15 $$'))).toMatchObject({ status: 143, wasKilled: true });
  });
});

test('each of many that end at once is told of once, beside children of Node’s own', async () => {
  const ours = Array.from({ length: 40 }, (_, at) => run(shell(`exit ${at}`)));
  const theirs = Array.from(
    { length: 10 },
    (_, at) =>
      new Promise((resolve) => spawn('/bin/sh', ['-c', `exit ${at}`]).once('exit', (code) => resolve(code))),
  );
  expect((await Promise.all(ours)).map(({ status }) => status)).toEqual(
    Array.from({ length: 40 }, (_, at) => at),
  );
  expect(await Promise.all(theirs)).toEqual(Array.from({ length: 10 }, (_, at) => at));
});

test('one that has ended is no longer there, not even as a zombie', async () => {
  const { pid, ended } = startProcess(['/bin/true'], ['ignore', 'ignore', 'ignore']);
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  await ended;
  expect(existsSync(`/proc/${pid}`)).toBe(false);
});

test('what it leaves in its process group is dead when it has ended, and its end is what it was', async () => {
  const { text, status } = await run(shell('/bin/sleep 60 >/dev/null & echo $!; exit 3'));
  expect(status).toBe(3);
  await expect.poll(() => isAlive(Number(text))).toBe(false);
});

test('a process group that is killed ends', async () => {
  const { ended, killGroup } = startProcess(['/bin/sleep', '60'], ['ignore', 'ignore', 'ignore']);
  killGroup();
  expect(await ended).toEqual({ status: 137, wasKilled: true });
});

test('a program that is not there, a descriptor that is not open and a word with a NUL are refused, and nothing is started', () => {
  const refused =
    (words: readonly [string, ...string[]], number: number | 'ignore' = 'ignore') =>
    () =>
      startProcess(words, [number, 'ignore', 'ignore']);
  expect(refused(['/no/such/program'])).toThrow(new PosixError('start /no/such/program', 2));
  expect(refused(['/bin/true'], 12_345)).toThrow('Cannot start /bin/true: EBADF');
  // libc would take it as the word's end.
  expect(refused(['/bin/echo', 'a\0b'])).toThrow('Cannot start /bin/echo: a word of it holds a NUL');
});
