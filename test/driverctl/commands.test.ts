import { describe, expect, test } from 'vitest';
import { commands } from '../../src/driverctl/commands.ts';
import { run } from './played-surroundings.ts';

describe('the table of commands', () => {
  test('names each once', () => {
    expect(new Set(commands.map(({ name }) => name)).size).toBe(commands.length);
  });

  test('is what help prints', async () => {
    const { status, stdout } = await run(['help']);
    expect(status).toBe(0);
    for (const { usage, summary } of commands)
      expect(stdout).toMatch(new RegExp(`${usage.replaceAll(/[[\]]/gu, '.')} +${summary}`, 'u'));
  });

  test('has help for each, by word and by option', async () => {
    for (const { name, usage } of commands) {
      const byWord = await run(['help', ...name.split(' ')]);
      const byOption = await run([...name.split(' '), '--help']);
      expect(byWord.stdout).toContain(`driverctl ${usage}`);
      expect(byOption).toEqual(byWord);
    }
    expect((await run(['help', 'audit'])).stdout).toContain('driverctl audit verify');
  });

  test('refuses a word that is none, a missing one, an option of another, and words too many', async () => {
    const cases: readonly (readonly [string[], string])[] = [
      [[], 'Cannot run: the command is missing; `driverctl help` lists them'],
      [['frobnicate'], 'Cannot run frobnicate: there is no such command; `driverctl help` lists them'],
      [['audit'], 'Cannot run audit: there is no such command; `driverctl help` lists them'],
      [['\x1b[2J'], 'Cannot run \\x1b[2J: there is no such command; `driverctl help` lists them'],
      [['help', 'frobnicate'], 'Cannot help with frobnicate: no such command'],
      [['list', '--raw=x'], "Cannot read the command line: Option '--raw' does not take an argument"],
      [['list', '--follow'], 'Cannot run list: it has no option --follow'],
      [['status', 'now'], 'Cannot run status: there are more words than it takes'],
      [['call'], 'Cannot call: the method is missing'],
      [['describe'], 'Cannot describe: the method is missing'],
      [['call', 'a.a', '--timeout', '0'], 'Cannot read --timeout: 0 is no whole number from 1 to 86400000'],
      [
        ['list', '--trust-uid', '-1x'],
        "Cannot read the command line: Option '--trust-uid' argument is ambiguous",
      ],
    ];
    for (const [words, message] of cases) {
      const { status, stdout, stderr } = await run(words);
      expect({ words, status, stdout }).toEqual({ words, status: 2, stdout: '' });
      expect(stderr.split('\n')[0]).toBe(`driverctl: ${message}`);
      expect(stderr.trimEnd()).not.toContain('\n');
    }
  });

  test('prints the version of the package', async () => {
    expect((await run(['version'])).stdout).toMatch(/^driverctl \d+\.\d+\.\d+\S*\n$/u);
  });
});
