/** What an admin should know of the audit log beside whether it is written. */
export const AUDIT_CONDITIONS = [
  'low-space',
  'reserve-given-up',
  'retention-refused',
  'compression-failing',
] as const;
export type AuditCondition = (typeof AUDIT_CONDITIONS)[number];
export type AuditState = 'writing' | 'failing';

const SENTENCES: Readonly<Record<AuditCondition, string>> = {
  'low-space': 'little space is left for the audit log',
  'reserve-given-up':
    "the audit log's disk is full: what was under way is closed on record in the room of its reserve",
  'retention-refused':
    'a limit of audit.retention asks for removing records that are younger than audit.retention.min_days',
  'compression-failing': 'segments of the audit log could not be compressed',
};

/** The state of the audit log in sentences without a full stop; none where all is well. */
export function auditWarnings(state: AuditState, conditions: readonly AuditCondition[]): readonly string[] {
  return [
    ...(state === 'writing' ? [] : ['the audit log cannot be written, so calls are refused']),
    ...conditions.map((condition) => SENTENCES[condition]),
  ];
}
