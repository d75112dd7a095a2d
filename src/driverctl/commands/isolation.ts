import type { JsonValue } from '../../shared/json-value.ts';
import { plannedDrivers } from '../client/isolation.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { humanText } from '../print/value.ts';

/**
 * `driverctl isolation METHOD`: what a launch of the method's driver would apply, without a launch. The driver's name
 * alone will do. Returns the exit status. Throws `Failure`.
 */
export async function showIsolation(invocation: Invocation): Promise<number> {
  const [method] = invocation.operands;
  if (method === undefined) throw new Failure('usage', 'Cannot show the isolation: the method is missing');
  const name = method.split('.')[0] ?? method;
  const drivers = await withSession(invocation, plannedDrivers);
  const driver = drivers.find((one) => one.name === name);
  if (driver === undefined)
    throw new Failure('invalid', `Cannot show the isolation: no driver ${name} is enabled`);
  const { isolation, asksNotGranted } = driver;
  const report: JsonValue = { driver: name, isolation, asks_not_granted: asksNotGranted };
  printReport(invocation, { json: report, human: () => humanText(report) });
  return exitCodes.ok.status;
}
