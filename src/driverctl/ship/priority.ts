/** Of a message, as syslog and the journal number them (RFC 5424 section 6.2.1). */
export type Priority = 3 | 4 | 5 | 6;

const ERROR = 3;
const WARNING = 4;
const NOTICE = 5;
const INFORMATIONAL = 6;

/** The events that are more than the course of things. A notice of the shipper's own has a word of its own here. */
const PRIORITIES: ReadonlyMap<string, Priority> = new Map([
  ...['recovery', 'interrupted', 'audit-refused-count', 'retention-refused', 'audit-reset'].map(isOf(ERROR)),
  ...['log-changed', 'log-unreadable', 'no-record', 'not-shipped'].map(isOf(ERROR)),
  ...['denied', 'session-refused', 'launch-refused', 'reload-refused', 'refusals'].map(isOf(WARNING)),
  ...['audit-low-space', 'compression-failed', 'configuration-changed', 'grants-widened'].map(isOf(WARNING)),
  ...['permission-violation', 'repeated-denials'].map(isOf(WARNING)),
  ...['daemon-start', 'daemon-stop', 'reload', 'broker-start', 'broker-ended', 'pause'].map(isOf(NOTICE)),
  ...['resume', 'invalid', 'refused', 'asks-not-granted', 'retention'].map(isOf(NOTICE)),
]);

/** How much an event matters; what this version does not know is informational. */
export function priorityOf(event: string): Priority {
  return PRIORITIES.get(event) ?? INFORMATIONAL;
}

function isOf(priority: Priority): (event: string) => readonly [string, Priority] {
  return (event) => [event, priority];
}
