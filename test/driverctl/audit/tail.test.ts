import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { humanRecord } from '../../../src/driverctl/audit/record-line.ts';
import { run } from '../played-surroundings.ts';
import { playLog } from './played-log.ts';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driverctl-'));
  log = join(folder, 'audit.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

async function lastLines(text: string, count: number): Promise<string[]> {
  await writeFile(log, text);
  const { stdout, status } = await run(['audit', 'tail', '--log', log, '--lines', String(count)]);
  expect(status).toBe(0);
  return stdout.split('\n').slice(0, -1);
}

describe('the last lines of a log', () => {
  test('are as many as asked for, in their order', async () => {
    expect(await lastLines('a\nb\nc\n', 2)).toEqual(['b', 'c']);
    expect(await lastLines('a\nb\nc\n', 3)).toEqual(['a', 'b', 'c']);
    expect(await lastLines('a\nb\nc\n', 99)).toEqual(['a', 'b', 'c']);
    expect(await lastLines('a\nb\nc\n', 0)).toEqual([]);
    expect(await lastLines('', 5)).toEqual([]);
  });

  test('count a last one that was cut', async () => {
    expect(await lastLines('a\nb\nc', 2)).toEqual(['b', 'c']);
    expect(await lastLines('a', 1)).toEqual(['a']);
    expect(await lastLines('a\nb', 0)).toEqual([]);
  });

  test('are found across blocks', async () => {
    const all = Array.from({ length: 3_000 }, (_, line) => `${line} ${'x'.repeat(line % 97)}`);
    for (const count of [1, 2_000, 3_000]) {
      expect(await lastLines(`${all.join('\n')}\n`, count)).toEqual(all.slice(-count));
    }
    const long = ['y'.repeat(200_000), 'z'.repeat(65_536), 'end'];
    expect(await lastLines(`${long.join('\n')}\n`, 2)).toEqual(long.slice(1));
  });

  test('are cut where they are longer than any record, and those behind them are shown', async () => {
    expect(await lastLines(`${'x'.repeat(1024 * 1024)}\nend\n`, 2)).toEqual(['x'.repeat(65_536), 'end']);
  });

  test('may lie in earlier segments, also compressed ones', async () => {
    const played = playLog();
    const lines = played.addMany(3);
    const first = played.rotate();
    lines.push(...played.addMany(1));
    played.rotate();
    played.compress(first);
    lines.push(...played.addMany(1));
    const { stdout } = await run(['audit', 'tail', '-n', '4', '--log', played.path]);
    expect(stdout).toBe(`${lines.slice(1).join('\n')}\n`);
  });
});

describe('audit tail', () => {
  const record =
    '{"version":1,"seq":7,"time":"2026-01-02T03:04:05.678901Z","monotonic_ns":"1","boot":"b","event":"denied",' +
    '"facts":{"session":3,"uid":1000},"claims":{"method":"disk\\u001b.usage"},"prev":"00","hash":"11"}';

  test('prints records for eyes on a terminal, without an effect on it (U1)', async () => {
    await writeFile(log, `${record}\nno record \x1b]52;c;x\x07\n`);
    const { status, stdout } = await run(['audit', 'tail', '--log', log], { terminal: true });
    expect(status).toBe(0);
    expect(stdout).toBe(
      '      7 2026-01-02T03:04:05.678901Z denied session=3 uid=1000 claims: method=disk\\x1b.usage\n' +
        '? no record \\x1b]52;c;x\\x07\n',
    );
  });

  test('prints them as they stand anywhere else, and as safe JSON on a terminal with --json', async () => {
    const odd = `{"a":"\u202e"}`;
    await writeFile(log, `${record}\n${odd}\n`);
    const plain = await run(['audit', 'tail', '--log', log]);
    expect(Buffer.from(plain.stdout, 'latin1').toString()).toBe(`${record}\n${odd}\n`);
    const json = await run(['audit', 'tail', '-n', '1', '--json', '--log', log], { terminal: true });
    expect(json.stdout).toBe('{"a":"\\u202e"}\n');
  });

  test('finds the log in $DRIVERD_LOG', async () => {
    await writeFile(log, 'x\n');
    expect((await run(['audit', 'tail'], { environment: { DRIVERD_LOG: log } })).stdout).toBe('x\n');
  });

  test('says why a log cannot be read', async () => {
    const missing = await run(['audit', 'tail', '--log', join(folder, 'none')]);
    expect(missing.status).toBe(10);
    expect(missing.stderr).toBe(`driverctl: Cannot read the audit log ${folder}/none: it does not exist\n`);
    expect((await run(['audit', 'tail', '--log', folder])).stderr).toContain('it is not a regular file');
    expect((await run(['audit', 'tail', '-n', 'ten'])).status).toBe(2);
  });

  test('shows a record whose parts are of other types', () => {
    expect(humanRecord(Buffer.from('{"seq":null,"facts":[1],"claims":{"a":{"b":[1]}}}'))).toBe(
      '      - - - claims: a={"b":[1]}',
    );
    expect(humanRecord(Buffer.from([0x9b, 0x41]))).toBe('? \ufffdA');
  });
});
