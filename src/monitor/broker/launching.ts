import type { LaunchRefusal } from '../../boundary/launch-words.ts';
import type { BrokerControl } from '../../boundary/messages.ts';
import type { DriverPlan } from '../configuration/plan.ts';
import type { Launch } from '../launch/launches.ts';
import { createRate } from '../rate.ts';
import type { DispatchTargets } from './dispatch.ts';

type LaunchMessage = Extract<BrokerControl, { type: 'launch' }>;
type PrestartMessage = Extract<BrokerControl, { type: 'prestart' }>;

/** Who asked for a launch, as its refusal is recorded; before any call there is neither session nor call. */
interface Asked {
  readonly request: number;
  readonly profile: string;
  readonly session: number | null;
  readonly call: number | null;
}

/** What one broker asks of launches. */
export interface Launching {
  /** For a call that is there. */
  launch(message: LaunchMessage): void;
  /** Before any call. */
  prestart(message: PrestartMessage): void;
  /** Hands over one of a pool, whose call has its intent recorded: nothing of it was the broker's before. */
  handOver(launch: Launch): void;
}

export function createLaunching(
  targets: Pick<
    DispatchTargets,
    | 'link'
    | 'log'
    | 'refusals'
    | 'sessions'
    | 'launches'
    | 'pooled'
    | 'generation'
    | 'current'
    | 'isPaused'
    | 'isDraining'
    | 'failed'
  >,
): Launching {
  const { link, log, sessions, launches, pooled } = targets;
  const launchRate = createRate(() => targets.current().settings.limits.launches_per_second);
  /** The numbers under which the broker asked for those that stand ready and were not handed over. */
  const requests = new WeakMap<Launch, number>();

  function refuse({ request, profile, session, call }: Asked, reason: LaunchRefusal): void {
    link.send({ type: 'launch-refused', request, reason });
    const caller = session === null ? undefined : sessions.get(session)?.caller;
    const uid = caller?.uid ?? targets.current().broker.sandbox.uid;
    if (targets.refusals.admit(uid, `launch ${reason}`) !== 'whole') return;
    const claims = { profile, ...(call === null ? {} : { call }) };
    log.append('launch-refused', { session, reason }, claims, false).catch(log.countUnrecorded);
  }

  /** What holds for every launch, whoever it is for; the monitor's own bounds with it. */
  function planOf({
    generation: number,
    profile,
  }: LaunchMessage | PrestartMessage): DriverPlan | LaunchRefusal {
    const generation = targets.generation(number);
    if (generation === undefined) return 'stale-generation';
    const plan = generation.drivers.get(profile);
    if (plan === undefined) return 'unknown-profile';
    if (log.state === 'failing') return 'audit-unavailable';
    if (targets.isPaused()) return 'paused';
    if (launches.alive >= generation.settings.limits.launches) return 'too-many-launches';
    return launchRate.take() ? plan : 'too-many-launches-per-second';
  }

  /** What this process lacks (descriptors, memory, processes) refuses one launch and ends nothing else (L15, O12). */
  async function startOrRefuse(
    profile: string,
    start: () => Promise<Launch | LaunchRefusal>,
  ): Promise<Launch | LaunchRefusal> {
    try {
      return await start();
    } catch (error) {
      targets.failed(profile, error instanceof Error ? error.message : 'unknown');
      return 'sandbox-failed';
    }
  }

  async function launch(message: LaunchMessage): Promise<void> {
    const { session, call, profile } = message;
    const state = sessions.state(session);
    if (state === 'never-was') return link.kill('it named a session that never was');
    if (state !== 'live') return refuse(message, state === 'gone' ? 'peer-gone' : 'unknown-session');
    const plan = planOf(message);
    if (typeof plan === 'string') return refuse(message, plan);
    const started = await startOrRefuse(profile, () =>
      launches.start({ plan, purpose: { kind: 'call', call, session } }),
    );
    if (typeof started === 'string') return refuse(message, started);
    pass(message, started);
  }

  async function prestart(message: PrestartMessage): Promise<void> {
    const { request, profile } = message;
    const asked = { request, profile, session: null, call: null };
    // Nobody waits for it, and a stop would.
    const plan = targets.isDraining() ? 'draining' : planOf(message);
    if (typeof plan === 'string') return refuse(asked, plan);
    const started = await startOrRefuse(profile, () =>
      pooled.start(plan, ({ number }) => link.send({ type: 'launch-stale', launch: number })),
    );
    if (typeof started === 'string') return refuse(asked, started);
    if (started.purpose.kind === 'persistent') return pass(asked, started);
    const { number, ended } = started;
    requests.set(started, request);
    link.send({ type: 'prestarted', request, launch: number });
    void ended.then(({ end, status }) => {
      if (!requests.has(started)) return;
      closeEnds(started);
      link.send({ type: 'launch-ended', launch: number, end, status });
    });
  }

  function pass(asked: Asked, started: Launch): void {
    const { number, isolation, brokerEnds, secrets } = started;
    const passed = link.pass({
      kind: 'launch',
      number,
      descriptors: brokerEnds,
      message: {
        ...{ type: 'launched', request: asked.request, launch: number, isolation },
        secrets: secrets.map(({ name, value }) => ({ name, value: Buffer.from(value).toString('base64') })),
      },
      sent() {
        closeEnds(started);
        // Only now, behind the launch: an end must not overtake it.
        tellEnd(started);
      },
      settled(taken) {
        closeEnds(started);
        if (!taken) launches.end(number, 'untaken');
      },
    });
    if (!passed) {
      closeEnds(started);
      launches.end(number, 'untaken');
      link.send({ type: 'launch-refused', request: asked.request, reason: 'sandbox-failed' });
      return tellEnd(started);
    }
    // One that ended while it waited holds nothing here any more: else a broker that takes nothing could use up this
    // process's descriptors, since only launches that are alive count.
    void started.ended.then(() => {
      if (!link.withdraw('launch', number)) return;
      closeEnds(started);
      refuse(asked, 'sandbox-failed');
      // Of one that stood ready the broker waits for the end besides.
      tellEnd(started);
    });
  }

  function tellEnd({ number, ended }: Launch): void {
    void ended.then(({ end, status }) => link.send({ type: 'launch-ended', launch: number, end, status }));
  }

  return {
    launch: (message) => void launch(message),
    prestart: (message) => void prestart(message),
    handOver(started) {
      const { served, profile } = started;
      const request = requests.get(started);
      if (served === null || request === undefined) return;
      requests.delete(started);
      pass({ request, profile, ...served }, started);
    },
  };
}

function closeEnds({ brokerEnds }: Launch): void {
  for (const end of brokerEnds) end.close();
}
