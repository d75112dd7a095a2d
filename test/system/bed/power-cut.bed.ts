import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { seeClaims } from '../../../src/driverctl/audit/claims.ts';
import type { SeeRecord } from '../../../src/shared/audit/chain.ts';
import { checkClaims } from '../../../src/shared/audit/claims.ts';
import { parseRecord } from '../../../src/shared/audit/record.ts';
import { verifySealedLog } from '../../../src/shared/audit/seals/verify-sealed.ts';
import { rounds } from '../../support/rounds.ts';
import { until } from './installed-driverd.ts';
import { layOutPoweredMachines, type PoweredMachine, poweredMachine } from './powered-machine.ts';
import type { RunFolder } from './run-folder.ts';

/** What ends a call on record, whatever came of it; not `interrupted`, which says that nobody knows. */
const OUTCOMES: ReadonlySet<string> = new Set(['call-end', 'denied', 'invalid', 'refused']);
/** How many replies come out before a cut, by chance; fewer where a slow machine takes longer than that for them. */
const REPLIES = { least: 10, most: 80, withinMs: 20_000 };
/** Beyond the last of them, by chance: a cut is to come at any moment of a call. */
const LONGER_MS = 300;
/** Machines at once, which share the cuts: an emulated one mostly waits for one processor, and has few of its own. */
const MACHINES = 3;
/** For what takes half a minute where the host has nothing else to do. */
const BOOTED_WITHIN_MS = 600_000;
const LAID_OUT_WITHIN_MS = 600_000;
const TEST_LIMIT_MS = 7_200_000;

const DURABILITIES = ['outcome', 'none'] as const;

/** Segments and seals are short, so that cuts come also while there is a rotation, a compression or a seal. */
const settings = (durability: string): string => `version: 1
driver_paths: [/srv/driverd/test/fixtures/drivers]
audit: { durability: ${durability}, rotate_bytes: 131072, seal: { records: 100 }, low_water_bytes: 0, reserve_bytes: 16384 }
`;
const POLICY = ['rpc', 'catter']
  .map((group) => `permit(principal == Uid::"0", action in Action::"${group}", resource);\n`)
  .join('');

const request = (method: string, params: object): object => ({
  ...{ jsonrpc: '2.0', id: 1, method },
  params: { ...params, _meta: { reply: true } },
});
/** Callers at once: of a driver, of what needs none, of what is denied and what is invalid, too slow to be a flood. */
const CALLERS = [
  { pause: 0, request: request('catter.copy', { text: 'one' }) },
  { pause: 0, request: request('catter.copy', { text: 'other' }) },
  { pause: 0, request: request('rpc.status', {}) },
  { pause: 0, request: request('rpc.status', {}) },
  { pause: 0.02, request: request('rpc.status', {}) },
  { pause: 0.5, request: request('eraser.erase', { path: '/denied' }) },
  { pause: 0.5, request: request('catter.copy', { invalid: true }) },
];

/** How the disk and the kernel of the machine use the time before a cut. */
interface Manner {
  /** Of what the disk had not flushed, what is kept by chance. */
  readonly share: number;
  /** Whether the kernel writes back all the time, as a busy one does, and not after half a minute. */
  readonly writesBack: boolean;
}

/** In turns on each machine, beginning with what loses most; what is random is so in each. */
function mannerOf(turn: number): Manner {
  return { share: turn % 2 === 0 ? 0 : Math.random(), writesBack: turn % 4 > 1 };
}

/** Words of the kernel's (admin-guide/sysctl/vm.rst), in hundredths of a second. */
const WRITES_BACK = ['sysctl.vm.dirty_writeback_centisecs=10', 'sysctl.vm.dirty_expire_centisecs=10'];

/** Boots, which takes up what the last cut left, and cuts within the load. Gives the numbers of the replies outside. */
async function cutUnderLoad(
  machine: PoweredMachine,
  durability: string,
  turn: number,
): Promise<readonly string[]> {
  const { share, writesBack } = mannerOf(turn);
  const begun = performance.now();
  const words = [`DURABILITY=${durability}`, 'CALLS=1000000', ...(writesBack ? WRITES_BACK : [])];
  await machine.boot(words);
  let how = '';
  void machine.ended().then((words) => {
    how = words;
  });
  await until(async () => how !== '' || machine.heard().length > 0, BOOTED_WITHIN_MS);
  const seconds = Math.round((performance.now() - begun) / 1000);
  const wanted = REPLIES.least + Math.random() * (REPLIES.most - REPLIES.least);
  const enoughAt = performance.now() + REPLIES.withinMs;
  await until(async () => how !== '' || machine.heard().length >= wanted || performance.now() > enoughAt);
  await sleep(Math.random() * LONGER_MS);
  if (how !== '') throw new Error(`Cannot cut the power: the machine ${how}`);
  const fate = await machine.cutPower(share);
  console.log(
    `${machine.name}, durability ${durability}, cut ${turn + 1}: ${machine.heard().length} replies, the first after ${seconds} s; ` +
      JSON.stringify({ share, writesBack, blocks: fate }),
  );
  return machine.heard();
}

/** What came out of a machine, and what its log has of it. */
interface Account {
  /** The numbers of the replies, cut by cut. */
  readonly cuts: readonly (readonly string[])[];
  readonly recorded: Recorded;
}

/** Cuts one machine's power again and again over one log, then boots once more and stops in order. */
async function cutAgainAndAgain(
  machine: PoweredMachine,
  durability: string,
  count: number,
): Promise<Account> {
  await machine.clear();
  const cuts: (readonly string[])[] = [];
  for (let turn = 0; turn < count; turn += 1) cuts.push(await cutUnderLoad(machine, durability, turn));
  await machine.boot([`DURABILITY=${durability}`, 'CALLS=1']);
  const how = await machine.ended();
  await machine.cutPower(0);
  expect(machine.heard().length, how).toBe(CALLERS.length);
  return { cuts: [...cuts, machine.heard()], recorded: await readRecorded(await machine.readDisk()) };
}

let run: RunFolder;
let machines: readonly PoweredMachine[] = [];

beforeAll(async () => {
  const files = DURABILITIES.map((durability) => ({
    [`${durability}/driverd.yaml`]: settings(durability),
    [`${durability}/drivers.d/catter.yaml`]: 'version: 1\n',
    [`${durability}/drivers.d/eraser.yaml`]: 'version: 1\n',
    [`${durability}/policy.d/test.cedar`]: POLICY,
  }));
  const calls = CALLERS.map((caller) => `${JSON.stringify(caller)}\n`).join('');
  run = await layOutPoweredMachines(Object.assign({ calls }, ...files));
  machines = Array.from({ length: MACHINES }, (_, number) => poweredMachine(run, `machine-${number + 1}`));
}, LAID_OUT_WITHIN_MS);

afterAll(async () => {
  await Promise.all(machines.map((machine) => machine.stop()));
  await run.remove();
});

/** Shares so many cuts among the machines. Gives the numbers of the replies that came out and have no record. */
async function lostBy(durability: string, count: number): Promise<readonly string[]> {
  const used = machines.slice(0, count);
  const running = used.map((machine, number) =>
    cutAgainAndAgain(machine, durability, Math.ceil((count - number) / used.length)),
  );
  // Where one fails the others come to their end all the same: the next test uses them.
  await Promise.allSettled(running);
  const accounts = await Promise.all(running);
  const replies = accounts.flatMap(({ cuts }) => cuts.flat());
  const lost = accounts.flatMap(({ cuts, recorded: { answered } }) =>
    cuts.flat().filter((id) => !answered.has(id)),
  );
  const recoveries = accounts.flatMap(({ recorded }) => recorded.recoveries);
  for (const facts of recoveries) console.log(`recovery ${JSON.stringify(facts)}`);
  console.log(
    `${count} power cuts with durability ${durability}: ${replies.length} replies came out, ${lost.length} of them have no ` +
      `record; the logs are proven whole, with ${recoveries.length} recoveries`,
  );
  expect(replies.length).toBeGreaterThan(count * REPLIES.least);
  return lost;
}

test(
  'after power cuts under load every reply that a client outside received has its record (invariant 11, A3)',
  async () => {
    expect(await lostBy('outcome', rounds('powerCuts'))).toEqual([]);
  },
  TEST_LIMIT_MS,
);

test(
  'after power cuts with durability none replies that a client outside received have no record (the control)',
  async () => {
    expect((await lostBy('none', rounds('powerCutsUnsynced'))).length).toBeGreaterThan(0);
  },
  TEST_LIMIT_MS,
);

/** What stands in a log. */
interface Recorded {
  /** The numbers of the calls that have an outcome. */
  readonly answered: ReadonlySet<string>;
  /** What each recovery record says. */
  readonly recoveries: readonly object[];
}

/** Proves the log whole, by the state beside it, and that facts bear all claims out. */
async function readRecorded(folder: string): Promise<Recorded> {
  const answered = new Set<string>();
  const recoveries: object[] = [];
  const claims = checkClaims();
  const seeClaim = seeClaims(claims);
  const see: SeeRecord = (link, line, file, number) => {
    seeClaim(link, line, file, number);
    if (OUTCOMES.has(link.event)) answered.add(String(parseRecord(line.bytes).claims['request_id']));
    if (link.event === 'recovery') recoveries.push(parseRecord(line.bytes).facts);
  };
  const log = join(folder, 'log/audit.jsonl');
  const result = await verifySealedLog(log, { state: join(folder, 'state'), keys: [], see });
  expect(result).toMatchObject({ ok: true, tail: 'proven', firstBad: null });
  expect(claims.result().findings).toEqual([]);
  return { answered, recoveries };
}
