import type { SeeRecord } from '../../shared/audit/chain.ts';
import { CLAIMS_EVENTS, type ClaimsCheck, type ClaimsResult } from '../../shared/audit/claims.ts';
import type { AuditFields } from '../../shared/audit/fields.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';

/** Gives the records of a reading to a check of claims: the chain has proven each by then. */
export function seeClaims(check: ClaimsCheck): SeeRecord {
  return ({ seq, event }, { bytes }) => {
    if (!CLAIMS_EVENTS.has(event)) return;
    const { facts, claims } = JSON.parse(bytes.toString('utf8')) as Record<'facts' | 'claims', AuditFields>;
    check.take({ seq, event, facts, claims });
  };
}

export function claimsJson({ findings, ...counts }: ClaimsResult): JsonObject {
  return { ...counts, findings: findings.map((finding) => ({ ...finding })) };
}

/** One line for each claim that no fact bears out, for eyes on a terminal. */
export function claimsText({ findings, count, checked, unknown, open }: ClaimsResult): string {
  const lines = findings.map(({ seq, what, detail, request }) =>
    escapeForTerminal(`  record ${seq}: ${what}: ${detail}${request === null ? '' : ` (${request})`}`),
  );
  const more = count > findings.length ? [`  and ${count - findings.length} more`] : [];
  const others = [
    ...(unknown === 0 ? [] : [`${unknown} whose beginning is not in the log`]),
    ...(open === 0 ? [] : [`${open} that have not ended`]),
  ];
  const summary = `Claims of ${[`${checked} calls`, ...others].join(', ')}: ${count} that no fact bears out`;
  return `${[summary, ...lines, ...more].join('\n')}\n`;
}
