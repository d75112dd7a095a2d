import { buildId } from '../../boundary/build.ts';
import type { BrokerControl, MonitorControl } from '../../boundary/messages.ts';
import type { SeccompFilter } from '../../posix/seccomp.ts';
import { type Accepted, createExchange, type Expected } from '../configuration/exchange.ts';
import type { Generations } from '../configuration/generations.ts';
import type { Generation } from '../configuration/load.ts';
import type { ReadySandbox } from '../launch/start-sandbox.ts';
import { type BrokerLink, startBroker } from './broker-link.ts';
import type { Dispatch } from './dispatch.ts';
import { createRestartDelay } from './restart-delay.ts';

/** Longest wait of a reload for a broker that is starting, in milliseconds. */
const SERVING_WITHIN_MS = 20_000;

export type ConfigurationMessage = Extract<
  BrokerControl,
  { type: 'hello' | 'accepted' | 'refused' | 'retired' }
>;

export interface BrokerLifeEvents {
  /** The table for one broker's messages. */
  dispatch(link: BrokerLink): Dispatch;
  started(ready: ReadySandbox): void;
  /** It serves from here on: what waits for it is passed. */
  serving(link: BrokerLink): void;
  /**
   * Once for each broker, before the next is started.
   * @param why the monitor's own words
   * @param said what the broker said of it, which may be a lie; null where it said nothing
   */
  ended(why: string, said: string | null): void;
  /** driverd's files are not those that this process was started from: a clean restart is the only sound way on. */
  filesChanged(): void;
}

/** Why a first broker does not serve. */
export interface NotServing {
  readonly why: string;
  /** Whether it refused the configuration: the next one would too. */
  readonly refused: boolean;
}

/** One broker after the other: started, told what runs, started again when it ends. */
export interface BrokerLife {
  readonly link: BrokerLink | undefined;
  readonly isServing: boolean;
  /** Starts the first one. Settles with null when it serves, else with why it does not. */
  start(): Promise<NotServing | null>;
  /** Offers a generation to the broker; settles with what it says where it accepted, else with why not. */
  offer(generation: Generation): Promise<Accepted | string>;
  configuration(message: ConfigurationMessage): void;
  /** From here on an end is the last one. */
  stopRestarting(): void;
}

/** @param hello what a new broker is told of this daemon */
export function createBrokerLife(
  generations: Generations,
  filter: SeccompFilter,
  hello: Extract<MonitorControl, { type: 'hello' }>,
  expected: Expected,
  events: BrokerLifeEvents,
): BrokerLife {
  const exchange = createExchange(expected);
  const restartDelay = createRestartDelay();
  const waiting = new Set<() => void>();
  let link: BrokerLink | undefined;
  let serving = false;
  let greeted = false;
  let restarting = true;
  let refusal: string | null = null;
  let settleStart: (notServing: NotServing | null) => void = () => undefined;

  function launch(): void {
    greeted = false;
    refusal = null;
    let dispatch: Dispatch | undefined;
    let next: BrokerLink;
    try {
      next = startBroker(generations.current.broker, filter, {
        control: (message) => dispatch?.control(message),
        audit: (message, bytes) => dispatch?.audit(message, bytes),
        ended: (why) => {
          if (link === next) ended(why);
        },
      });
    } catch (error) {
      return ended(error instanceof Error ? error.message : 'it could not be started');
    }
    link = next;
    dispatch = events.dispatch(next);
    next.ready.then(events.started, () => undefined);
    next.send(hello);
  }

  function ended(why: string): void {
    link = undefined;
    serving = false;
    exchange.abort();
    generations.keepCurrent();
    events.ended(why, refusal);
    settleStart({ why: `the broker ended: ${refusal ?? why}`, refused: refusal !== null });
    setTimeout(() => {
      if (restarting) launch();
    }, restartDelay.afterEnd());
  }

  /** Gives a new broker what runs. */
  async function configure(target: BrokerLink): Promise<void> {
    const answer = await exchange.offer(generations.current, target.send);
    if (typeof answer === 'string') {
      refusal = answer;
      return target.kill('it refused what runs');
    }
    if (link !== target) return;
    serving = true;
    settleStart(null);
    for (const settle of [...waiting]) settle();
    events.serving(target);
  }

  function greet(build: string): void {
    if (link === undefined) return;
    if (greeted) return link.kill('it said hello twice');
    greeted = true;
    if (build === hello.build) return void configure(link);
    if (filesHaveChanged(hello.build)) return events.filesChanged();
    link.kill('it is of another build');
  }

  function whenServing(): Promise<void> {
    if (serving) return Promise.resolve();
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        waiting.delete(settle);
        resolve();
      };
      const timer = setTimeout(settle, SERVING_WITHIN_MS);
      waiting.add(settle);
    });
  }

  return {
    get link() {
      return link;
    },
    get isServing() {
      return serving;
    },
    start() {
      return new Promise((resolve) => {
        settleStart = resolve;
        launch();
      });
    },
    async offer(generation) {
      await whenServing();
      if (link === undefined || !serving) return 'the broker is not there';
      generations.offer(generation);
      const answer = await exchange.offer(generation, link.send);
      if (typeof answer === 'string') generations.withdraw(generation);
      return answer;
    },
    configuration(message) {
      if (message.type === 'hello') return greet(message.build);
      if (message.type !== 'retired') return exchange.answered(message);
      if (!generations.retire(message.generation)) link?.kill('it retired what was not superseded');
    },
    stopRestarting() {
      restarting = false;
    },
  };
}

function filesHaveChanged(build: string): boolean {
  try {
    return buildId() !== build;
  } catch (error) {
    // Files that are gone have changed too.
    if (error instanceof Error && 'code' in error) return true;
    throw error;
  }
}
