import type { JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { hostAccounts } from '../audit/accounts.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import { type Explanation, explainCall } from '../explain/explanation.ts';
import { type LastUsed, readLastUsed } from '../explain/last-used.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { tableLines } from '../print/table.ts';
import { humanText } from '../print/value.ts';

/**
 * `driverctl who-can METHOD`: whom policies permit and forbid the method, what its driver is granted, and who used it last,
 * as far as the audit log can be read. Returns the exit status. Throws `Failure`.
 */
export async function showWhoCan(invocation: Invocation): Promise<number> {
  const [method] = invocation.operands;
  if (method === undefined) throw new Failure('usage', 'Cannot tell who can: the method is missing');
  const explanation = await withSession(invocation, (session) => explainCall(session, { method }));
  if (!explanation.exists) throw new Failure('invalid', `Cannot tell who can: there is no method ${method}`);
  const used = await readLastUsed(invocation);
  const json: JsonValue = {
    method,
    policies: explanation.policies.map(({ id, effect, at, principal, conditional }) => ({
      ...{ effect, who: principal, conditional, id, at },
    })),
    grants: grantsOf(explanation),
    last_used: used === null ? null : used.by(method).map(({ uid, time }) => ({ uid, time })),
  };
  printReport(invocation, { json, human: () => humanReport(method, explanation, used) });
  return exitCodes.ok.status;
}

function humanReport(method: string, explanation: Explanation, used: LastUsed | null): string {
  const rows = explanation.policies.map(({ effect, principal, conditional, id, at }) =>
    [effect, principal ?? 'anyone', conditional ? 'on conditions' : '', id, at].map((cell) =>
      escapeForTerminal(cell),
    ),
  );
  const who =
    rows.length === 0
      ? ['No policy permits it to anyone.']
      : tableLines([['', 'WHO', '', 'POLICY', 'AT'], ...rows]);
  return `${who.join('\n')}\n\n${humanText({
    grants: grantsOf(explanation),
    'last used': lastUsedWords(method, used),
  })}`;
}

function lastUsedWords(method: string, used: LastUsed | null): JsonValue {
  if (used === null) return 'not known: the audit log cannot be read';
  const accounts = hostAccounts();
  const users = used.by(method).map(({ uid, time }) => `${accounts.user(uid) ?? uid} (${uid}), ${time}`);
  return users.length === 0 ? 'never, as far back as the log goes' : users;
}

/** What the driver has beyond the default sandbox, or could. */
function grantsOf({ json }: Explanation): JsonValue {
  const { isolation } = json;
  if (isolation === null || isolation === undefined || typeof isolation !== 'object') return null;
  const { uid, network, capabilities, degraded } = isolation as { readonly [name: string]: JsonValue };
  return {
    uid: uid ?? null,
    network: network ?? null,
    capabilities: capabilities ?? [],
    degraded: degraded ?? [],
  };
}
