/** What records are filed under by receivers: SYSLOG_IDENTIFIER in the journal, APP-NAME in syslog. */
export const IDENTIFIER = 'driverd-audit';

/** Facility "security/authorization messages", which ordinary configurations keep from ordinary readers (RFC 5424 table 1). */
export const AUTHPRIV = 10;
