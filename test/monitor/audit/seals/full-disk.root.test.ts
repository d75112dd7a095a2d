import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type AuditLog, openAuditLog } from '../../../../src/monitor/audit/log.ts';
import { openSeals } from '../../../../src/monitor/audit/seals/open-seals.ts';
import { AuditUnavailable } from '../../../../src/monitor/audit/unavailable.ts';
import { verifySealedLog } from '../../../../src/shared/audit/seals/verify-sealed.ts';
import { auditSettings, makeFolder } from '../../../shared/audit/made-log.ts';
import { startAppendingThread } from '../../../support/appending-thread.ts';
import { patience } from '../../../support/patience.ts';

const WITHIN = { timeout: 60_000 * patience, interval: 20 };

/** A disk of 1 MiB for the log or for the state, and the other folder outside it. */
function mountSmall(what: 'log' | 'state'): { path: string; stateFolder: string; small: string } {
  const folder = makeFolder();
  const folders = { log: join(folder, 'log'), state: join(folder, 'state') };
  for (const made of [folders.log, folders.state]) mkdirSync(made, { mode: 0o700 });
  const small = folders[what];
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', small]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', small]);
  });
  return { path: join(folders.log, 'audit.jsonl'), stateFolder: folders.state, small };
}

function fill(folder: string): string {
  const ballast = join(folder, 'ballast');
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  return ballast;
}

async function append(log: AuditLog, count: number): Promise<number> {
  let written = 0;
  for (let number = 0; number < count; number += 1) {
    try {
      await log.append('call-end', { number, text: 'x'.repeat(200) }, {}, true);
      written += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(AuditUnavailable);
      log.countRefused();
    }
  }
  return written;
}

test.each(['log', 'state'] as const)(
  'a full disk of the %s in the middle of sealing loses no seal: writing and sealing go on when there is room (A1)',
  async (what) => {
    const { path, stateFolder, small } = mountSmall(what);
    const settings = auditSettings({ seal: { records: 5, seconds: 86_400 } });
    const seals = await openSeals({ path, stateFolder, machine: null });
    const appender = startAppendingThread(path);
    const log = await openAuditLog({
      ...{ path, stateFolder, seals, appender, settings: () => settings, retryMs: 20 },
    });
    await log.append('daemon-start', {}, {}, true);
    for (let round = 0; round < 5; round += 1) {
      await append(log, 30);
      const ballast = fill(small);
      await append(log, 200);
      rmSync(ballast);
      await vi.waitFor(() => expect(log.state).toBe('writing'), WITHIN);
      expect(await append(log, 10)).toBe(10);
    }
    await log.close();
    const result = await verifySealedLog(path, { state: stateFolder, keys: [] });
    expect(result).toMatchObject({ ok: true, firstBad: null, tail: 'proven' });
    expect(result.seals?.last?.seq).toBe(result.records);
  },
  300_000 * patience,
);

test(
  'a log that is closed on a full disk is closed, and its next start seals what was left',
  async () => {
    const { path, stateFolder, small } = mountSmall('log');
    const settings = auditSettings({ seal: { records: 5, seconds: 86_400 } });
    const open = async (): Promise<AuditLog> => {
      const seals = await openSeals({ path, stateFolder, machine: null });
      const appender = startAppendingThread(path);
      return openAuditLog({
        ...{ path, stateFolder, seals, appender, settings: () => settings, retryMs: 20 },
      });
    };
    const log = await open();
    await log.append('daemon-start', {}, {}, true);
    const ballast = fill(small);
    await append(log, 300);
    await log.close().catch((error: unknown) => expect(error).toBeInstanceOf(AuditUnavailable));
    rmSync(ballast);
    const next = await open();
    await next.append('daemon-start', {}, {}, true);
    await next.close();
    const result = await verifySealedLog(path, { state: stateFolder, keys: [] });
    expect(result).toMatchObject({ ok: true, firstBad: null, tail: 'proven' });
    expect(result.seals?.last?.seq).toBe(result.records);
  },
  300_000 * patience,
);
