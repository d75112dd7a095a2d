import { auditWarnings } from '../shared/audit/conditions.ts';
import type { Log } from '../shared/log.ts';
import { startAppender } from './audit/appender.ts';
import { compressBeside } from './audit/compress-beside.ts';
import { type AuditLog, type AuditLogOptions, openAuditLog } from './audit/log.ts';
import { openSeals } from './audit/seals/open-seals.ts';
import { worthAnotherTry } from './worth-another-try.ts';

/** The programs of the log's threads. */
export interface AuditThreads {
  readonly appending: URL;
  readonly compressing: URL;
}

/**
 * Opens the audit log for a daemon, which tells in its operational log what happens to it.
 * @throws Error where an admin has to look at the log, WorthAnotherTry where the disk is full or there is no room for a thread
 */
export async function openDaemonAudit(
  options: Pick<AuditLogOptions, 'path' | 'stateFolder' | 'settings'>,
  threads: AuditThreads,
  log: Log,
): Promise<AuditLog> {
  const report: AuditLogOptions['report'] = (message, details) => log.warn(details, message);
  try {
    // First, so that nothing is open yet where it cannot be started.
    const appender = startAppender(threads.appending, options.path);
    const seals = await openSeals(options).catch((error: unknown) => {
      appender.stop();
      throw error;
    });
    const compress = compressBeside(threads.compressing);
    return await openAuditLog({ ...options, appender, compress, seals, report });
  } catch (error) {
    return worthAnotherTry(error);
  }
}

/** What the service's status line says of the log; empty where all is well. */
export function auditStatus({ state, conditions }: AuditLog): string {
  return auditWarnings(state, conditions)
    .map((warning) => `; ${warning}`)
    .join('');
}

/** What the broker is told of the log. */
export function auditState(audit: AuditLog): {
  readonly type: 'audit-state';
  readonly state: AuditLog['state'];
  readonly refused: number;
  readonly conditions: AuditLog['conditions'];
} {
  const { state, refusedWithoutRecord: refused, conditions } = audit;
  return { type: 'audit-state', state, refused, conditions };
}
