import type { BrokerControl, MonitorControl } from '../../boundary/messages.ts';
import { scrubbedClaim } from '../audit/claim-text.ts';
import type { BuiltIn } from '../builtin/built-in.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import { changesOf } from './changes.ts';
import { buildGeneration, type Generation, type Offered } from './generation.ts';

/** Longest reason that travels back to the monitor, in characters. */
const MAXIMUM_REASON = 1_024;

/** Takes configurations from the monitor: parsed when whole, taken when the monitor says that both accepted. */
export interface ConfigurationReceiver {
  /** Returns whether the message was one of configuration. */
  message(message: MonitorControl): boolean;
  current(): Generation | undefined;
}

export function createConfigurationReceiver(
  builtIns: readonly BuiltIn[],
  send: (message: BrokerControl) => void,
  taken: (generation: Generation) => void,
  scrubber: () => Scrubber,
): ConfigurationReceiver {
  let offered = empty();
  let accepted: Generation | undefined;
  let current: Generation | undefined;

  function configure(number: number, unitsProvable: boolean): void {
    try {
      accepted = buildGeneration(number, offered, unitsProvable, builtIns);
      send({ type: 'accepted', generation: number, ...changesOf(current ?? null, accepted) });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      send({
        type: 'refused',
        generation: number,
        // It quotes files, and stands in logs.
        reason: scrubbedClaim(scrubber(), reason, MAXIMUM_REASON),
      });
    }
    offered = empty();
  }

  function commit(number: number): void {
    if (accepted?.number !== number) return;
    const old = current;
    current = accepted;
    accepted = undefined;
    old?.retire(() => send({ type: 'retired', generation: old.number }));
    taken(current);
  }

  return {
    message(message) {
      switch (message.type) {
        case 'file':
          offered.files.push(message);
          return true;
        case 'names':
          offered.names = message;
          return true;
        case 'plan':
          offered.plans.push(message);
          return true;
        case 'scrub-value':
          offered.scrubValues.push(message);
          return true;
        case 'configure':
          configure(message.generation, message.unitsProvable);
          return true;
        case 'commit':
          commit(message.generation);
          return true;
        case 'abandon':
          accepted = undefined;
          return true;
        default:
          return false;
      }
    },
    current: () => current,
  };
}

interface Growing {
  readonly files: Offered['files'][number][];
  names: Offered['names'];
  readonly plans: Offered['plans'][number][];
  readonly scrubValues: Offered['scrubValues'][number][];
}

function empty(): Growing {
  return { files: [], names: null, plans: [], scrubValues: [] };
}
