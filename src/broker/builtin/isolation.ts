import type { JsonValue } from '../../shared/json-value.ts';
import { type BuiltIn, NO_PARAMS } from './built-in.ts';

/** `rpc.isolation`: what a launch of each enabled driver would apply, as the monitor planned it, without a launch. */
export const isolationMethod: BuiltIn = {
  name: 'rpc.isolation',
  needsPermit: true,
  summary: 'Tells what a launch of each driver would apply, without one.',
  params: NO_PARAMS,
  answer(_call, generation) {
    const drivers: JsonValue[] = [...generation.plans].map(([name, { isolation, asksMore }]) => {
      return { name, isolation: { ...isolation }, asks_not_granted: asksMore };
    });
    return { drivers };
  },
};
