import type { AuditEvent } from '../../shared/audit/record.ts';

/**
 * What closes something that is on record already: written into the room of the reserve. All are bounded by what was
 * under way when the disk became full.
 */
export const CLOSING_EVENTS: ReadonlySet<string> = new Set<AuditEvent>([
  'call-end',
  'interrupted',
  'launch-end',
  'broker-ended',
  'daemon-stop',
  'retention',
  'seal',
]);
