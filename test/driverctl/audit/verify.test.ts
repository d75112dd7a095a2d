import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EMPTY_HEAD, encodeHeadNote, type Head } from '../../../src/shared/audit/head-note.ts';
import { prepareRecord, sealRecord } from '../../../src/shared/audit/record.ts';
import { run } from '../played-surroundings.ts';

const boot = '00000000-0000-4000-8000-000000000000';
const at = { time: '2026-01-02T03:04:05.678901Z', monotonicNanoseconds: '1', boot, host: 'here', writer: 1 };
let folder: string;
let log: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'driverctl-'));
  log = join(folder, 'audit.jsonl');
  let head: Head = EMPTY_HEAD;
  let text = '';
  for (const uid of [1000, 1001, 1002]) {
    const { line, hash } = sealRecord(prepareRecord(at, 'session', { uid }, {}), head.seq + 1, head.hash);
    text += line;
    head = { seq: head.seq + 1, hash, bytes: Buffer.byteLength(text) };
  }
  await writeFile(log, text);
  await writeFile(
    join(folder, 'audit-head'),
    encodeHeadNote({ boot, segment: 1, durable: head, standing: head, writing: null }),
  );
});
afterEach(() => rm(folder, { recursive: true }));

const verify = (...more: string[]) =>
  run(['audit', 'verify', '--log', log, '--state', folder, ...more], { terminal: true });

describe('audit verify', () => {
  test('passes a log that is whole', async () => {
    expect(await verify()).toEqual({
      status: 0,
      stdout: `${log} is whole: 3 records, 0 of them recoveries\n`,
      stderr: '',
    });
    expect(JSON.parse((await verify('--json')).stdout)).toEqual({
      ok: true,
      records: 3,
      begins: 1,
      recoveries: 0,
      tail: 'proven',
      firstBad: null,
    });
  });

  test('finds log and state by their variables', async () => {
    const environment = { DRIVERD_LOG: log, DRIVERD_STATE: folder };
    expect((await run(['audit', 'verify'], { environment })).status).toBe(0);
  });

  test('names the first bad record after a byte was changed (invariant 12)', async () => {
    await writeFile(log, (await readFile(log, 'utf8')).replace('1001', '1009'));
    const { status, stderr } = await verify();
    expect(status).toBe(9);
    expect(stderr).toMatch(
      /^driverctl: Cannot prove .* whole: the first bad record is 2 \(audit\.jsonl, line 2\): .*\n$/u,
    );
    const json = JSON.parse((await verify('--json')).stdout);
    expect(json).toMatchObject({ ok: false, firstBad: { seq: 2, line: 2 } });
  });

  test('fails after a record was appended, or the last one cut off (invariant 12)', async () => {
    const whole = await readFile(log, 'utf8');
    await appendFile(log, '{}\n');
    expect((await verify()).stderr).toContain('the first bad record is 4 (audit.jsonl, line 4)');
    await writeFile(log, whole.split('\n').slice(0, 2).join('\n').concat('\n'));
    expect((await verify()).stderr).toContain('the first bad record is 3 (audit.jsonl, line 3)');
  });

  test('says why it cannot be done, which is no verdict', async () => {
    await rm(join(folder, 'audit-head'));
    const { status, stdout, stderr } = await verify();
    expect({ status, stdout }).toEqual({ status: 10, stdout: '' });
    expect(stderr).toBe(
      `driverctl: Cannot verify the audit log ${log}: the head note cannot be opened (it does not exist)\n`,
    );
  });
});
