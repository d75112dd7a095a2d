import type { AuditEvent } from '../../shared/audit/record.ts';
import type { Log } from '../../shared/log.ts';
import type { AuditFields, AuditLog } from './log.ts';

/**
 * Writes a record of the monitor's own. Nobody has to wait for it: what could not be written is counted, and said in
 * the operational log.
 * @param facts what the monitor saw itself
 * @param claims what the broker told it
 * @param durable settles only after fdatasync(2)
 */
export type Recorder = (
  event: AuditEvent,
  facts: AuditFields,
  claims?: AuditFields,
  durable?: boolean,
) => Promise<unknown>;

/** @param noted told the number of each record that was written */
export function createRecorder(audit: AuditLog, log: Log, noted: (seq: number) => void): Recorder {
  return (event, facts, claims = {}, durable = false) => {
    const written = audit.append(event, facts, claims, durable);
    written.then(
      ({ seq }) => noted(seq),
      (error: unknown) => {
        audit.countUnrecorded();
        const reason = error instanceof Error ? error.message : 'unknown';
        log.error({ event, reason }, 'a record was not written');
      },
    );
    return written;
  };
}
