import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { permitAll, ROOT } from '../../../scripts/development-folder.ts';
import type { AuditRecord } from '../../../src/shared/audit/record.ts';
import type { VerificationKey } from '../../../src/shared/audit/seals/verification-key.ts';
import { type SealedResult, verifySealedLog } from '../../../src/shared/audit/seals/verify-sealed.ts';
import { listSegments } from '../../../src/shared/audit/segments.ts';
import { type ActingDriver, layActingDriver } from '../../support/acting-driver.ts';
import { type CallStory, followCalls, type Held } from '../../support/call-story.ts';
import { type Callers, type Heard, startCallers } from '../../support/callers.ts';
import { startTestDaemon, type TestDaemon } from '../../support/daemon.ts';
import { patience } from '../../support/patience.ts';
import { brokerOf } from '../../support/processes.ts';
import { rounds } from '../../support/rounds.ts';

/** So small that rotations, compressions and seals are nearly always under way. */
const AUDIT =
  'rotate_bytes: 65536, reserve_bytes: 16384, seal: { records: 40, seconds: 1 }, retention: { max_bytes: null }';
/** Replies before a kill, so that it meets callers at work, and behind the restart, so that it is seen to serve. */
const HEARD_BEFORE = 60;
const HEARD_AFTER = 30;
/** A kill comes at a random moment within so long. */
const KILL_WITHIN_MS = 500;
/** So many rounds tear the log at least once. */
const SURE_TO_TEAR = 100;
/** Of this many starts behind a kill one is killed too. */
const STARTS_TO_ONE_KILLED = 3;
/** The one thing that a host which is busy may do to a log; its words stand in the operational log. */
const NO_ANSWER = 'did not answer within';
const WITHIN = { timeout: 20_000 * patience, interval: 20 };

/** One daemon after the other on the same folder, and what is known of all of them. */
interface Bed {
  readonly folder: string;
  readonly driver: ActingDriver;
  readonly story: CallStory;
  daemon: TestDaemon;
  /** How long the last start took, in milliseconds. */
  startMs: number;
  /** The key of the first epoch, as an auditor keeps it elsewhere. */
  keys: readonly VerificationKey[];
  /** Those of the last round. */
  callers: Callers | null;
  /** The last record that the story was told. */
  last: number;
  /** What was heard and done in the last round. */
  heard: readonly Heard[];
  acts: readonly string[];
  monitorKills: number;
}

/** Sums over all rounds. */
function emptyTotals(): Record<
  'startKills' | 'sent' | 'heard' | 'acts' | 'actsIntended' | keyof Held,
  number
> {
  return {
    ...{ startKills: 0, sent: 0, heard: 0, replies: 0, counted: 0, unrecorded: 0 },
    ...{ acts: 0, actsIntended: 0 },
  };
}
type Totals = ReturnType<typeof emptyTotals>;

async function start(folder: string, { profiles }: ActingDriver): Promise<Pick<Bed, 'daemon' | 'startMs'>> {
  const uid = process.geteuid?.() ?? 0;
  const policy = `${permitAll(uid)}forbid(principal, action == Action::"acting.forbidden", resource);\n`;
  const begun = performance.now();
  const daemon = await startTestDaemon({ folder, profiles, policy, audit: AUDIT });
  return { daemon, startMs: performance.now() - begun };
}

async function makeBed(): Promise<Bed> {
  const folder = mkdtempSync(join(tmpdir(), 'driverd-test-'));
  chmodSync(folder, 0o755);
  const driver = layActingDriver(folder);
  const story = followCalls();
  const started = await start(folder, driver);
  const round = { callers: null, heard: [], acts: [] };
  return { folder, driver, story, ...started, ...round, keys: [], last: 0, monitorKills: 0 };
}

/** Also where the test has failed: callers would call on, and what they call live on. */
async function leave({ callers, daemon, driver }: Bed): Promise<void> {
  await callers?.stop();
  daemon.monitor.kill('SIGKILL');
  driver.remove();
}

async function hear(callers: Callers, more: number): Promise<void> {
  const enough = callers.heard.length + more;
  await expect.poll(() => callers.heard.length, WITHIN).toBeGreaterThanOrEqual(enough);
}

/** A start that is killed at some moment of it, or soon after it. */
async function killStart({ folder, daemon, startMs }: Bed): Promise<number> {
  const main = join(ROOT, 'dist/monitor/main.js');
  const words = [main, '--development', '--config', folder, '--state', daemon.state];
  const monitor = spawn(process.execPath, words, { stdio: 'ignore' });
  const afterMs = Math.round(Math.random() * 1.2 * startMs);
  await wait(afterMs);
  monitor.kill('SIGKILL');
  await once(monitor, 'exit');
  return afterMs;
}

/** No process of a driver may outlive its monitor or its broker; launchers that were being made die as they notice. */
async function expectNoDriver({ driver }: Bed): Promise<void> {
  await expect.poll(() => driver.alive(), WITHIN).toEqual([]);
}

/** Why it could not write its log for a while. */
function failuresOf(daemon: TestDaemon): readonly string[] {
  const lines = daemon.stderr().split('\n').slice(0, -1);
  return lines
    .map((line): { state?: string; reason?: string } => JSON.parse(line))
    .flatMap(({ state, reason }) => (state === 'failing' ? [String(reason)] : []));
}

async function killMonitor(bed: Bed, totals: Totals): Promise<string> {
  const { monitor } = bed.daemon;
  const ended = once(monitor, 'exit');
  monitor.kill('SIGKILL');
  await ended;
  bed.monitorKills += 1;
  await expectNoDriver(bed);
  let told = '';
  if (Math.random() * STARTS_TO_ONE_KILLED < 1) {
    told = `, a start killed after ${await killStart(bed)} ms`;
    bed.monitorKills += 1;
    totals.startKills += 1;
  }
  Object.assign(bed, await start(bed.folder, bed.driver));
  return told;
}

async function killBroker({ daemon }: Bed): Promise<string> {
  const broker = brokerOf(daemon.pid);
  if (broker === undefined) throw new Error('Cannot kill the broker: it is not there');
  process.kill(broker, 'SIGKILL');
  await expect.poll(() => brokerOf(daemon.pid), WITHIN).not.toBe(broker);
  return '';
}

/** Proves the whole log and tells the story what is new in it, until no call is open: some were just left by their callers. */
async function proveUntilQuiet(bed: Bed): Promise<SealedResult> {
  for (const giveUpAt = Date.now() + WITHIN.timeout; ; await wait(WITHIN.interval)) {
    const { state, log } = bed.daemon;
    const result = await verifySealedLog(log, {
      ...{ state, keys: bed.keys },
      see({ seq }, { bytes }) {
        if (seq <= bed.last) return;
        bed.last = seq;
        bed.story.take(JSON.parse(bytes.toString('utf8')) as AuditRecord);
      },
    });
    expect(result.firstBad).toBeNull();
    const { firstKey } = result.seals ?? {};
    if (bed.keys.length === 0 && firstKey) bed.keys = [firstKey];
    if (bed.story.open === 0 || Date.now() > giveUpAt) return result;
  }
}

/** What would be found in the last round if its first record of this kind, of a call that was heard of, were not there. */
async function faultsWithout(bed: Bed, event: string): Promise<readonly string[]> {
  const story = followCalls();
  const known = new Set(bed.heard.filter(({ code }) => code === null).map(({ request }) => request));
  let isLeftOut = false;
  const { state, log } = bed.daemon;
  await verifySealedLog(log, {
    ...{ state, keys: bed.keys },
    see(_link, { bytes }) {
      const record = JSON.parse(bytes.toString('utf8')) as AuditRecord;
      const isFirst = !isLeftOut && record.event === event && known.has(String(record.claims['request_id']));
      isLeftOut ||= isFirst;
      if (!isFirst) story.take(record);
    },
  });
  story.hold(bed.heard, bed.acts);
  return story.takeFaults();
}

async function playRound(bed: Bed, round: number, totals: Totals): Promise<string> {
  const callers = startCallers(bed.daemon.socket);
  bed.callers = callers;
  await hear(callers, HEARD_BEFORE);
  const afterMs = Math.round(Math.random() * KILL_WITHIN_MS);
  await wait(afterMs);
  const victim = round % 2 === 0 ? 'monitor' : 'broker';
  const more = victim === 'monitor' ? await killMonitor(bed, totals) : await killBroker(bed);
  await hear(callers, HEARD_AFTER);
  await callers.stop();
  // Some stand ready for calls to come.
  await expect.poll(() => bed.driver.atWork(), WITHIN).toEqual([]);
  const begun = performance.now();
  const { ok, tail, records, recoveries, seals } = await proveUntilQuiet(bed);
  const provenMs = Math.round(performance.now() - begun);
  const acts = bed.driver.takeActs();
  Object.assign(bed, { heard: callers.heard, acts });
  const { story } = bed;
  const held = story.hold(callers.heard, acts);
  expect({ round, faults: story.takeFaults(), open: story.open }).toEqual({ round, faults: [], open: 0 });
  expect({ ok, tail, records }).toEqual({ ok: true, tail: 'proven', records: bed.last });
  expect(failuresOf(bed.daemon).filter((why) => !why.includes(NO_ANSWER))).toEqual([]);
  expect(story.count('recovery')).toBe(recoveries);
  // Starts behind a kill declare one each.
  expect(story.recoveries.get('ended') ?? 0).toBeLessThanOrEqual(bed.monitorKills);
  totals.sent += callers.sent;
  totals.heard += callers.heard.length;
  totals.replies += held.replies;
  totals.counted += held.counted;
  totals.unrecorded += held.unrecorded;
  totals.acts += acts.length;
  totals.actsIntended += held.acts;
  return (
    `kill -9 of the ${victim} ${afterMs} ms into the load${more}: ` +
    `${callers.sent} calls, ${callers.heard.length} replies, ${acts.length} acts; ` +
    `log proven to record ${records}, ${seals?.count} seals, ${recoveries} recoveries (${provenMs} ms)`
  );
}

test('over kills -9 of monitor or broker at random moments under load every reply has its outcome on record, every act its intent, every intent its end, no driver lives on, and the log is proven each time (invariant 11, A2, A3, A20, O2)', async () => {
  const bed = await makeBed();
  onTestFinished(() => leave(bed));
  const { story } = bed;
  const totals = emptyTotals();
  const count = rounds('daemonKills');
  for (let round = 0; round < count; round += 1)
    process.stdout.write(`round ${round + 1} of ${count}: ${await playRound(bed, round, totals)}\n`);

  const { log, state } = bed.daemon;
  const segments = await listSegments(log);
  const verified = spawnSync(
    process.execPath,
    [
      join(ROOT, 'dist/driverctl/main.js'),
      ...['audit', 'verify', '--claims', '--json', '--log', log, '--state', state],
    ],
    { encoding: 'utf8' },
  );
  expect({ status: verified.status, stderr: verified.stderr }).toEqual({ status: 0, stderr: '' });
  const { seals } = await proveUntilQuiet(bed);
  const told = {
    kills: `${bed.monitorKills} of the monitor (${totals.startKills} while it started), ${count >> 1} of the broker`,
    'calls sent': totals.sent,
    replies: totals.heard,
    'replies whose outcome is on record': totals.replies,
    'replies whose refusal is in a count on record': totals.counted,
    'replies while the disk did not answer, which say so': totals.unrecorded,
    'outcomes on record': story.count('call-end'),
    'refusals on record': story.count('denied') + story.count('invalid') + story.count('refused'),
    intents: story.count('call-start'),
    interrupted: Object.fromEntries(story.interrupted),
    'hand-overs that the monitor saw': story.handOvers,
    'acts of drivers': totals.acts,
    'acts whose intent is on record': totals.actsIntended,
    recoveries: Object.fromEntries(story.recoveries),
    rotations: Object.fromEntries(story.rotations),
    seals: seals?.count,
    segments: segments.length,
    records: bed.last,
  };
  process.stdout.write(`totals: ${JSON.stringify(told, null, 2)}\n`);
  expect(story.count('call-start')).toBe(
    story.count('call-end') + [...story.interrupted.values()].reduce((sum, one) => sum + one, 0),
  );
  expect(story.interrupted.get('broker-ended')).toBeGreaterThan(0);
  expect(story.interrupted.get('daemon-ended')).toBeGreaterThan(0);
  // Few kills may all fall between two groups of records, which are written within some hundred microseconds.
  if (count >= SURE_TO_TEAR) expect(story.count('recovery')).toBeGreaterThan(0);
  expect(story.count('rotation')).toBeGreaterThan(count / 2);
  expect(seals?.count).toBeGreaterThan(count);
  // The control: one record less is found.
  expect(await faultsWithout(bed, 'none')).toEqual([]);
  expect(await faultsWithout(bed, 'call-end')).toContainEqual(expect.stringContaining('on record is no end'));
  expect(await faultsWithout(bed, 'call-start')).toContainEqual(expect.stringContaining('without an intent'));
  expect(await bed.daemon.stop()).toBe(0);
}, 14_400_000);
