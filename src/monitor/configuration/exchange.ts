import type { BrokerControl, Isolation, MonitorControl } from '../../boundary/messages.ts';
import type { Generation } from './load.ts';
import type { DriverPlan } from './plan.ts';

/**
 * No answer in time is a no, in milliseconds. A broker that has just been started answers too, and a busy host may be slow to
 * start it: below the minute of the unit's TimeoutStartSec.
 */
const ANSWER_WITHIN_MS = 45_000;

/** A broker's word that it can run a generation, and what that changes. */
export type Accepted = Extract<BrokerControl, { type: 'accepted' }>;

/** What is expected of a profile's launches, and how its grants changed. */
export type Expected = (plan: DriverPlan) => {
  readonly isolation: Isolation;
  readonly widened: readonly string[];
};

/** What a broker is sent of a generation: the very bytes that the monitor read, and what it made of names. */
function* messagesOf(generation: Generation, expected: Expected): Generator<MonitorControl> {
  const { number } = generation;
  for (const { role, name, path, bytes } of generation.files) {
    yield {
      type: 'file',
      generation: number,
      role,
      name,
      path,
      bytes: Buffer.from(bytes).toString('base64'),
    };
  }
  yield { type: 'names', generation: number, users: generation.users, groups: generation.groups };
  for (const [profile, plan] of generation.drivers) {
    const { asksMore } = plan;
    yield { type: 'plan', generation: number, profile, asksMore, ...expected(plan) };
  }
  for (const { name, value } of generation.scrubValues)
    yield { type: 'scrub-value', generation: number, name, value: Buffer.from(value).toString('base64') };
  yield { type: 'configure', generation: number, unitsProvable: generation.unitsProvable };
}

export interface Exchange {
  /** Offers a generation to the broker; settles with what it says where it accepted, else with why not. */
  offer(generation: Generation, send: (message: MonitorControl) => void): Promise<Accepted | string>;
  answered(message: Accepted | Extract<BrokerControl, { type: 'refused' }>): void;
  /** The broker ended: what was offered is refused. */
  abort(): void;
}

/** A generation counts when both have accepted it; one is offered at a time. */
export function createExchange(expected: Expected): Exchange {
  let waiting: { generation: number; settle: (answer: Accepted | string) => void } | undefined;

  function settle(answer: Accepted | string): void {
    const { settle } = waiting ?? {};
    waiting = undefined;
    settle?.(answer);
  }

  return {
    offer(generation, send) {
      settle('another one was offered');
      for (const message of messagesOf(generation, expected)) send(message);
      return new Promise((resolve) => {
        const timer = setTimeout(() => settle('the broker did not answer in time'), ANSWER_WITHIN_MS);
        waiting = {
          generation: generation.number,
          settle(answer) {
            clearTimeout(timer);
            send({ type: typeof answer === 'string' ? 'abandon' : 'commit', generation: generation.number });
            resolve(answer);
          },
        };
      });
    },
    answered(message) {
      if (waiting?.generation !== message.generation) return;
      settle(message.type === 'accepted' ? message : message.reason);
    },
    abort: () => settle('the broker ended'),
  };
}
