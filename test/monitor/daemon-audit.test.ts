import { describe, expect, test, vi } from 'vitest';
import type { AuditLog } from '../../src/monitor/audit/log.ts';
import { AuditUnavailable } from '../../src/monitor/audit/unavailable.ts';
import { auditState, auditStatus, openDaemonAudit } from '../../src/monitor/daemon-audit.ts';
import { WorthAnotherTry } from '../../src/monitor/worth-another-try.ts';
import { createLog } from '../../src/shared/log.ts';
import { auditSettings, makePlaces } from '../shared/audit/made-log.ts';
import { AUDIT_THREADS } from '../support/appending-thread.ts';

describe('the status line', () => {
  const played = (state: AuditLog['state'], conditions: AuditLog['conditions']): AuditLog =>
    ({ state, conditions, refusedWithoutRecord: 3 }) as AuditLog;

  test('says nothing of a log that is well, and each thing that is not', () => {
    expect(auditStatus(played('writing', []))).toBe('');
    expect(auditStatus(played('failing', []))).toBe(
      '; the audit log cannot be written, so calls are refused',
    );
    expect(auditStatus(played('writing', ['low-space', 'compression-failing']))).toBe(
      '; little space is left for the audit log; segments of the audit log could not be compressed',
    );
    expect(auditStatus(played('writing', ['retention-refused']))).toContain('audit.retention.min_days');
  });

  test('and the broker are told the same', () => {
    expect(auditState(played('failing', ['reserve-given-up']))).toEqual({
      ...{ type: 'audit-state', state: 'failing', refused: 3, conditions: ['reserve-given-up'] },
    });
  });
});

describe('a daemon’s log that cannot be opened', () => {
  const log = createLog('monitor', 'fatal');

  test('is worth another try where the disk is full, and not where an admin has to look at it', async () => {
    const places = makePlaces();
    const options = { path: places.path, stateFolder: places.folder, settings: () => auditSettings() };
    const first = await openDaemonAudit(options, AUDIT_THREADS, log);
    await first.append('session', { session: 1 }, {}, true);
    await first.close();
    const { FileHandle } = await handles();
    const full = Object.assign(new Error('ENOSPC: made by the test'), { code: 'ENOSPC' });
    const sync = vi.spyOn(FileHandle, 'sync').mockRejectedValue(full);
    const { rmSync } = await import('node:fs');
    rmSync(`${places.folder}/audit-reserve`);
    await expect(openDaemonAudit(options, AUDIT_THREADS, log)).rejects.toBeInstanceOf(WorthAnotherTry);
    sync.mockRestore();
    rmSync(places.path);
    const refused = await openDaemonAudit(options, AUDIT_THREADS, log).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Error);
    expect(refused).not.toBeInstanceOf(WorthAnotherTry);
    expect(refused).not.toBeInstanceOf(AuditUnavailable);
  });
});

/** What every open file's methods come from. */
async function handles(): Promise<{ FileHandle: { sync(): Promise<void> } }> {
  const { open } = await import('node:fs/promises');
  const file = await open('/dev/null');
  await file.close();
  return { FileHandle: Object.getPrototypeOf(file) };
}
