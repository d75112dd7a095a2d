import { BUILT_IN_WAIT_MS } from '../client/discover.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { humanText } from '../print/value.ts';

/** `driverctl pause`: has the daemon refuse all calls of drivers. Returns the exit status. Throws `Failure`. */
export async function pauseDaemon(invocation: Invocation): Promise<number> {
  const { result } = await withSession(invocation, (session) =>
    session.request('rpc.pause', {}, BUILT_IN_WAIT_MS),
  );
  printReport(invocation, { json: result, human: () => humanText(result) });
  return exitCodes.ok.status;
}
