import { risksOf } from '../../shared/configuration/grant-risks.ts';
import { isJsonObject, type JsonObject } from '../../shared/json-value.ts';
import { Failure } from '../failure.ts';
import { BUILT_IN_WAIT_MS } from './discover.ts';
import type { Session } from './session.ts';

/** What a launch of a driver would apply, as the daemon planned it. */
export interface PlannedDriver {
  readonly name: string;
  readonly isolation: JsonObject;
  readonly asksNotGranted: readonly string[];
  /** What an admin should have read of its grants, a sentence each. */
  readonly risks: readonly string[];
}

/** Asks the daemon for what launches of its drivers would apply. Throws `Failure`. */
export async function plannedDrivers(session: Session): Promise<readonly PlannedDriver[]> {
  const { result } = await session.request('rpc.isolation', {}, BUILT_IN_WAIT_MS);
  const drivers = isJsonObject(result) && Array.isArray(result['drivers']) ? result['drivers'] : null;
  if (drivers === null) throw new Failure('connection', 'Cannot read the answer: it names no drivers');
  return drivers.map((driver): PlannedDriver => {
    if (!isJsonObject(driver) || typeof driver['name'] !== 'string' || !isJsonObject(driver['isolation']))
      throw new Failure('connection', 'Cannot read the answer: a driver in it has no isolation');
    const asks = Array.isArray(driver['asks_not_granted']) ? driver['asks_not_granted'] : [];
    return {
      name: driver['name'],
      isolation: driver['isolation'],
      asksNotGranted: asks.filter((word) => typeof word === 'string'),
      risks: risksOfIsolation(driver['isolation']),
    };
  });
}

function risksOfIsolation({ capabilities, network, accept_root }: JsonObject): readonly string[] {
  const names = Array.isArray(capabilities) ? capabilities : [];
  const root = typeof accept_root === 'string' ? [`Root was accepted: ${accept_root}`] : [];
  const risks = risksOf({
    capabilities: names.filter((name) => typeof name === 'string'),
    network: String(network),
    isRoot: root.length > 0,
  });
  return [...root, ...risks];
}
