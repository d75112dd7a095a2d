import type { JsonValue } from '../../shared/json-value.ts';
import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { type PlannedDriver, plannedDrivers } from '../client/isolation.ts';
import { withSession } from '../client/with-session.ts';
import { examine, type Finding, thisHost } from '../doctor/host.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/**
 * `driverctl doctor`: what this host offers, what each enabled driver would get, what to change. Where no daemon can be
 * asked it says so. Returns the exit status: not 0 where driverd cannot run here.
 */
export async function examineHost(invocation: Invocation): Promise<number> {
  const findings = examine(thisHost());
  const drivers = await driversOrWhyNot(invocation);
  const json: JsonValue = {
    host: findings.map((finding) => ({ ...finding })),
    drivers:
      typeof drivers === 'string'
        ? null
        : drivers.map((driver) => {
            const { name, isolation, asksNotGranted } = driver;
            return { name, isolation, asks_not_granted: asksNotGranted, risks: [...driver.risks] };
          }),
    ...(typeof drivers === 'string' ? { drivers_unknown: drivers } : {}),
  };
  printReport(invocation, { json, human: () => humanReport(findings, drivers) });
  return findings.some(({ state }) => state === 'missing') ? exitCodes.other.status : exitCodes.ok.status;
}

async function driversOrWhyNot(invocation: Invocation): Promise<readonly PlannedDriver[] | string> {
  try {
    return await withSession(invocation, plannedDrivers);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return error.message;
  }
}

function humanReport(findings: readonly Finding[], drivers: readonly PlannedDriver[] | string): string {
  const lines = findings.flatMap(({ name, state, found, advice }) => [
    `${state.padEnd(7)}  ${name}: ${found}`,
    ...(advice === null ? [] : [`         ${advice}`]),
  ]);
  const told =
    typeof drivers === 'string'
      ? [`Drivers: not known. ${drivers}`]
      : ['Drivers:', ...drivers.flatMap(driverLines)];
  return `${[...lines, '', ...told].map((line) => escapeForTerminal(line)).join('\n')}\n`;
}

function driverLines({ name, isolation, asksNotGranted, risks }: PlannedDriver): string[] {
  const { launcher, way, uid, network, cgroup, degraded, fallback, fallback_reason: reason } = isolation;
  const weaker = Array.isArray(degraded) && degraded.length > 0 ? degraded.join(', ') : 'nothing';
  return [
    `  ${name}: ${String(launcher)} (${String(way)}), uid ${String(uid)}, network ${String(network)}, cgroup ${String(cgroup)}; weaker: ${weaker}`,
    ...(fallback === true ? [`    falls back to the sandbox: ${String(reason)}`] : []),
    ...risks.map((risk) => `    warning: ${risk}`),
    ...(asksNotGranted.length === 0 ? [] : [`    asks for and does not get: ${asksNotGranted.join(' ')}`]),
  ];
}
