import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { tailLines } from '../../../src/driverctl/audit/follow.ts';
import { humanRecord } from '../../../src/driverctl/audit/record-line.ts';
import { run } from '../played-surroundings.ts';

let folder: string;
let log: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driverctl-'));
  log = join(folder, 'audit.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

async function lastLines(text: string, count: number): Promise<string[]> {
  await writeFile(log, text);
  const lines: string[] = [];
  for await (const line of tailLines({ path: log, count, follow: null })) lines.push(line.toString());
  return lines;
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
  });

  test('are found across blocks', async () => {
    const all = Array.from({ length: 3_000 }, (_, line) => `${line} ${'x'.repeat(line % 97)}`);
    for (const count of [1, 2_000, 3_000]) {
      expect(await lastLines(`${all.join('\n')}\n`, count)).toEqual(all.slice(-count));
    }
    const long = ['y'.repeat(200_000), 'z'.repeat(65_536), 'end'];
    expect(await lastLines(`${long.join('\n')}\n`, 2)).toEqual(long.slice(1));
  });

  test('refuse a line that no record is as long as', async () => {
    await expect(lastLines('x'.repeat(1024 * 1024 + 1), 1)).rejects.toThrow(
      `Cannot read the audit log ${log}: a line is over 1048576 bytes`,
    );
  });

  test('go on with what is written later, to a new file of that name, and after a cut', async () => {
    await writeFile(log, 'a\n');
    const stop = new AbortController();
    const lines = tailLines({ path: log, count: 1, follow: stop.signal });
    const next = async (): Promise<string> => String((await lines.next()).value);
    expect(await next()).toBe('a');
    await appendFile(log, 'b\n');
    expect(await next()).toBe('b');
    await rename(log, `${log}.1`);
    await writeFile(log, 'cccc\n');
    expect(await next()).toBe('cccc');
    await truncate(log, 0);
    await appendFile(log, 'd\n');
    expect(await next()).toBe('d');
    stop.abort();
    await lines.return(undefined);
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
    expect((await run(['audit', 'tail', '--log', folder])).stderr).toContain('it is a folder');
    expect((await run(['audit', 'tail', '-n', 'ten'])).status).toBe(2);
  });

  test('shows a record whose parts are of other types', () => {
    expect(humanRecord(Buffer.from('{"seq":null,"facts":[1],"claims":{"a":{"b":[1]}}}'))).toBe(
      '      - - - claims: a={"b":[1]}',
    );
    expect(humanRecord(Buffer.from([0x9b, 0x41]))).toBe('? \ufffdA');
  });
});
