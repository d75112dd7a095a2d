import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { discoverMethods, type MethodDescription } from '../client/discover.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { tableLines } from '../print/table.ts';

/** `driverctl list`: the methods that the caller may call. Returns the exit status. */
export async function listMethods(invocation: Invocation): Promise<number> {
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
  const safe = rows.map((row) => row.map((cell) => escapeForTerminal(cell)));
  return `${tableLines([['METHOD', '', 'SUMMARY'], ...safe]).join('\n')}\n`;
}
