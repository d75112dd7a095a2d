import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from './played-surroundings.ts';

const folder = mkdtempSync(join(tmpdir(), 'driverctl-scrub-'));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

const PASSWORD = 'hunter2-hunter2';
const GIVEN = `one\nsee https://app:${PASSWORD}@db/x\nEMP-12345678\n`;
const SCRUBBED = 'one\nsee https://app:[REDACTED:url-password]@db/x\nEMP-12345678\n';
const scrub = (words: readonly string[], stdinText: string | Buffer = GIVEN, terminal = false) =>
  run(['scrub', ...words], { stdinText, terminal });

function file(name: string, content: string | Buffer, mode = 0o600): string {
  writeFileSync(join(folder, name), content, { mode });
  return join(folder, name);
}

function settings(scrubSection: object): string {
  return file('driverd.yaml', `version: 1\nscrub: ${JSON.stringify(scrubSection)}\n`);
}

describe('scrub', () => {
  test('prints what comes on standard input without its secrets, and ends with 0', async () => {
    const done = { status: 0, stdout: SCRUBBED, stderr: '' };
    expect(await scrub([])).toEqual(done);
    expect(await scrub(['-'])).toEqual(done);
    expect(await scrub([file('log', GIVEN)], '')).toEqual(done);
    expect(await scrub([], '')).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('passes bytes that are no text as they are into a pipe, and safe on a terminal', async () => {
    const bytes = Buffer.from([0x61, 0xff, 0x1b, 0x5b, 0x0d, 0x0a, 0xc3]);
    expect(Buffer.from((await scrub([], bytes)).stdout, 'latin1')).toEqual(bytes);
    expect((await scrub([], 'a\x1b[31m\nb', true)).stdout).toBe('a\\x1b[31m\nb');
  });

  test('explains by rule, offset and length, and tells no secret', async () => {
    const { status, stdout } = await scrub(['--explain']);
    const offset = GIVEN.indexOf(PASSWORD);
    expect([status, stdout]).toEqual([0, `url-password at ${offset}, ${PASSWORD.length} bytes\n`]);
    const asJson = await scrub(['--explain', '--json']);
    expect(JSON.parse(asJson.stdout)).toEqual({ rule: 'url-password', offset, length: PASSWORD.length });
    expect((await scrub(['--explain'], 'nothing')).stdout).toBe('');
  });

  test('checks: the exit status says whether something was found', async () => {
    expect(await scrub(['--check'])).toEqual({ status: 11, stdout: '', stderr: '' });
    expect(await scrub(['--check'], 'nothing\n')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(await scrub(['--check'], SCRUBBED)).toEqual({ status: 0, stdout: '', stderr: '' });
    const { status, stdout } = await scrub(['--check', '--explain']);
    expect([status, stdout]).toEqual([11, expect.stringMatching(/^url-password at /)]);
  });

  test('knows values of a list, in every form', async () => {
    const list = file('values', `# mine\n\nTOKEN=a=value of its own\nexport OTHER='in quotes here'\r\n`);
    const given = `a=value of its own, in quotes here, ${Buffer.from('in quotes here').toString('hex')}`;
    expect((await scrub(['--values', list], given)).stdout).toBe(
      '[REDACTED:TOKEN], [REDACTED:OTHER], [REDACTED:OTHER]',
    );
  });

  test('takes rules, exceptions and values of a configuration, by its folder or its file', async () => {
    const value = file('value', 'a value of roots\n');
    const rules = [{ id: 'staff', keywords: ['emp-'], pattern: 'EMP-[0-9]{8}' }];
    const path = settings({ rules, allow: [{ text: PASSWORD }], values: [{ name: 'kept', file: value }] });
    for (const config of [folder, path]) {
      const { status, stdout } = await scrub(['--config', config], `${GIVEN}a value of roots`);
      expect([status, stdout]).toEqual([
        0,
        `${GIVEN.replace('EMP-12345678', '[REDACTED:staff]')}[REDACTED:kept]`,
      ]);
    }
  });

  test('says which rule took too long, and masks its line', async () => {
    settings({ rules: [{ id: 'slow', keywords: ['aaaa'], pattern: '.*x|a' }] });
    const { status, stdout, stderr } = await scrub(['--config', folder], `${'a'.repeat(16_000)}\naaaa\n`);
    expect([status, stdout]).toEqual([0, '[REDACTED:scrub-budget]\naaaa\n']);
    expect(stderr).toBe(
      'driverctl: slow took too long: the line is masked whole, and it is off from there on\n',
    );
  });

  test.each<[string, () => string[], number, RegExp]>([
    [
      'a file that is not there',
      () => ['/nonexistent/x'],
      10,
      /Cannot read \/nonexistent\/x: it does not exist/,
    ],
    ['a folder', () => [folder], 10, /it is a folder/],
    ['--json alone', () => ['--json'], 2, /--json goes with --explain/],
    [
      'a configuration that is not there',
      () => ['--config', '/nonexistent'],
      10,
      /Cannot read \/nonexistent: it does not exist/,
    ],
    [
      'a rule that is refused',
      () => ['--config', settings({ rules: [{ id: 'x', keywords: ['abc'], pattern: 'abc(?=d)' }] })],
      10,
      /scrub\.rules\.0\.pattern: it looks around/,
    ],
    [
      'a value that is not there',
      () => ['--config', settings({ values: [{ name: 'x', file: '/nonexistent' }] })],
      10,
      /Cannot read \/nonexistent: it does not exist/,
    ],
    [
      'a list that is none',
      () => ['--values', file('values', 'swordfish\n')],
      10,
      /values:1: it is not NAME=VALUE/,
    ],
    [
      'a value that is too short',
      () => ['--values', file('values', 'PIN=123\n')],
      10,
      /Cannot register secret PIN: it is shorter/,
    ],
  ])('refuses %s, and tells no secret', async (_what, words, status, why) => {
    const refused = await scrub(words());
    expect([refused.status, refused.stdout]).toEqual([status, '']);
    expect(refused.stderr).toMatch(why);
    expect(refused.stderr).not.toMatch(/swordfish|123/);
  });

  test('passes complete lines on while more is to come, and holds back the beginning of a secret', async () => {
    const main = fileURLToPath(new URL('../../src/driverctl/main.ts', import.meta.url));
    const child = spawn(process.execPath, [main, 'scrub'], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.write(`one https://app:${PASSWORD}@db/x\ntwo https://app:hun`);
    const [first] = await once(child.stdout, 'data');
    expect(String(first)).toBe('one https://app:[REDACTED:url-password]@db/x\n');
    child.stdin.end('ter2-hunter2@db/x');
    expect(await text(child.stdout)).toBe('two https://app:[REDACTED:url-password]@db/x');
  });
});
