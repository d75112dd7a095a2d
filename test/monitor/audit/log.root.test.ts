import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type AuditLog, openAuditLog } from '../../../src/monitor/audit/log.ts';
import { openParamsKeys } from '../../../src/monitor/audit/params-keys.ts';
import { AuditUnavailable } from '../../../src/monitor/audit/unavailable.ts';
import { PARAMS_KEYS_FILE } from '../../../src/shared/audit/params-hash.ts';
import { hasRecordForm, parseRecord } from '../../../src/shared/audit/record.ts';
import { listSegments, type Segment } from '../../../src/shared/audit/segments.ts';
import { verifyLog } from '../../../src/shared/audit/verify.ts';
import { auditSettings, makeFolder, makeLog, makePlaces } from '../../shared/audit/made-log.ts';
import { readSegment } from '../../shared/audit/read-segment.ts';
import { startAppendingThread } from '../../support/appending-thread.ts';

/** A file system of 1 MiB; the state folder lies outside it. */
function mountSmall(): { path: string; small: string; state: string } {
  const folder = makeFolder();
  const [small, state] = [join(folder, 'small'), join(folder, 'state')];
  mkdirSync(small, { mode: 0o700 });
  mkdirSync(state, { mode: 0o700 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0750', 'tmpfs', small]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', small]);
  });
  return { path: join(small, 'audit.jsonl'), small, state };
}

function fill(file: string, folder: string, leave: number): void {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
}

function whenState(log: AuditLog, wanted: string): Promise<void> {
  return new Promise((resolve) => log.onStateChange((state) => state === wanted && resolve()));
}

async function linesOf(segment: Segment): Promise<string[]> {
  const lines: string[] = [];
  await readSegment(segment, ({ bytes }) => lines.push(bytes.toString()) > 0);
  return lines;
}

describe('a full disk', () => {
  test('gets no answer without a record, counts what is refused, and goes on by itself when there is room (A1)', async () => {
    const { path, small, state } = mountSmall();
    const ballast = join(small, 'ballast');
    const appender = startAppendingThread(path);
    const log = await openAuditLog({
      ...{ path, stateFolder: state, settings: auditSettings, appender, retryMs: 20 },
    });
    const answered = new Set<number>();
    let refused = 0;
    for (let round = 0; round < 5; round += 1) {
      fill(ballast, small, 40_000);
      const failing = whenState(log, 'failing');
      while (log.state === 'writing') {
        await Promise.all(
          Array.from({ length: 64 }, async (_, writer) => {
            try {
              answered.add(
                (await log.append('call-start', { writer, text: 'x'.repeat(round * 37) }, {}, false)).seq,
              );
            } catch (error) {
              expect(error).toBeInstanceOf(AuditUnavailable);
              log.countRefused();
              refused += 1;
            }
          }),
        );
      }
      await failing;
      // While it is full nothing is taken, and retries change nothing for the worse.
      await new Promise((resolve) => setTimeout(resolve, 70));
      await expect(log.append('call-start', {}, {}, false)).rejects.toThrow('ENOSPC');
      const writing = whenState(log, 'writing');
      rmSync(ballast);
      await writing;
    }
    await log.close();
    expect(log.refusedWithoutRecord).toBe(refused);
    expect(refused).toBeGreaterThan(0);

    const result = await verifyLog(path, join(state, 'audit-head'));
    expect(result).toMatchObject({ ok: true, firstBad: null });
    const lines = await Promise.all((await listSegments(path)).map(linesOf));
    const records = lines
      .flat()
      .filter((line) => hasRecordForm(Buffer.from(line)))
      .map((line) => parseRecord(Buffer.from(line)));
    const events = new Map(records.map(({ seq, event }) => [seq, event]));
    for (const seq of answered) expect(events.get(seq)).toBe('call-start');
    const recoveries = records.filter(({ event }) => event === 'recovery');
    // One when the disk was full, in the reserve's room, and one when there was room again.
    const refusing = recoveries.map(({ facts }) => facts['refusing']);
    expect(refusing.filter((is) => is === false)).toHaveLength(5);
    expect(refusing.filter((is) => is === true).length).toBeGreaterThan(0);
    expect(recoveries.every(({ facts }) => facts['error'] === 'ENOSPC')).toBe(true);
    const counted = recoveries.reduce((sum, { facts }) => sum + Number(facts['refused']), 0);
    expect(counted).toBe(refused);
  });
});

describe('files of somebody else', () => {
  test('are refused as a log, as a head note and as a key (A10, A16)', async () => {
    const places = await makeLog(1);
    chownSync(places.path, 1000, 0);
    await expect(places.open()).rejects.toThrow('the log is owned by uid 1000, and not by the daemon');
    chownSync(places.path, 0, 0);
    chownSync(places.head, 1000, 0);
    await expect(places.open()).rejects.toThrow('the head note is owned by uid 1000');
    const folder = makeFolder();
    openParamsKeys(folder);
    chownSync(join(folder, PARAMS_KEYS_FILE), 1000, 0);
    expect(() => openParamsKeys(folder)).toThrow('it is owned by uid 1000');
  });

  test("are refused where the folder is not the daemon's or root's (A10)", async () => {
    const places = makePlaces();
    chownSync(places.folder, 1000, 0);
    await expect(places.open()).rejects.toThrow('is owned by uid 1000, and not by root or the daemon');
  });

  test('a device is no log (A10)', async () => {
    const places = await makeLog(1);
    renameSync(places.path, `${places.path}.away`);
    execFileSync('mknod', ['-m', '0600', places.path, 'c', '1', '3']);
    await expect(places.open()).rejects.toThrow('the log is not a regular file');
  });
});
