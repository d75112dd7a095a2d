import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { discoverMethods, type MethodDescription } from '../client/discover.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import { askedIdentity } from '../explain/asked-identity.ts';
import { explainMethods, type ToldMethod } from '../explain/explanation.ts';
import { type LastUsed, readLastUsed } from '../explain/last-used.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { tableLines } from '../print/table.ts';

/** `driverctl list`: the methods that the caller, or another user, may call. Returns the exit status. */
export async function listMethods(invocation: Invocation): Promise<number> {
  if (invocation.options.as !== undefined) return listMethodsOf(invocation, invocation.options.as);
  const methods = await withSession(invocation, discoverMethods);
  printReport(invocation, { json: methods.map(({ source }) => source), human: () => humanList(methods) });
  return exitCodes.ok.status;
}

function humanList(methods: readonly MethodDescription[]): string {
  if (methods.length === 0) return 'There is no method that you may call.\n';
  const rows = methods.map(({ name, summary, destructive }) => [
    name,
    destructive ? 'destructive' : '',
    summary,
  ]);
  return table(['METHOD', '', 'SUMMARY'], rows);
}

/** What `sudo -l -U` does: the methods of somebody else, which policies give them, and when they used them last. */
async function listMethodsOf(invocation: Invocation, user: string): Promise<number> {
  const identity = askedIdentity(user);
  const methods = await withSession(invocation, (session) => explainMethods(session, identity));
  const callable = methods.filter((method) => method.callable);
  const used = await readLastUsed(invocation);
  const lastUsed = ({ name }: ToldMethod): string | null => used?.of(Number(identity['uid']), name) ?? null;
  const json = callable.map((method) => ({
    ...{ name: method.name, summary: method.summary, destructive: method.destructive },
    policies: method.policies.map(({ id, effect, at, conditional }) => ({ id, effect, at, conditional })),
    last_used: lastUsed(method),
  }));
  printReport(invocation, { json, human: () => humanListOf(user, callable, used, lastUsed) });
  return exitCodes.ok.status;
}

function humanListOf(
  user: string,
  methods: readonly ToldMethod[],
  used: LastUsed | null,
  lastUsed: (method: ToldMethod) => string | null,
): string {
  if (methods.length === 0) return `There is no method that ${escapeForTerminal(user)} may call.\n`;
  const rows = methods.map((method) => [
    method.name,
    method.destructive ? 'destructive' : '',
    method.policies.map(({ id, conditional }) => (conditional ? `${id} (on conditions)` : id)).join(', '),
    used === null ? 'not known' : (lastUsed(method) ?? 'never'),
  ]);
  return table(['METHOD', '', 'BY', 'LAST USED'], rows);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const safe = rows.map((row) => row.map((cell) => escapeForTerminal(cell)));
  return `${tableLines([header, ...safe]).join('\n')}\n`;
}
