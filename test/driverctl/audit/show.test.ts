import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { compressedPath } from '../../../src/shared/audit/segments.ts';
import { type Ran, run } from '../played-surroundings.ts';
import {
  denial,
  intent,
  launchEnd,
  launchStart,
  outcome,
  requestIdOf,
  sessionEnd,
  sessionStart,
  wholeCall,
} from './played-calls.ts';
import { type PlayedLog, playLog } from './played-log.ts';

async function show(log: PlayedLog, call: number): Promise<Ran> {
  return run(['audit', 'show', '--log', log.path, requestIdOf(call)], { terminal: true });
}

/** Numbers and events of a story. */
async function story(log: PlayedLog, call: number): Promise<string[]> {
  const { stdout } = await run(['audit', 'show', '--json', '--log', log.path, requestIdOf(call)]);
  const { records } = JSON.parse(stdout) as { records: { record: { seq: number; event: string } }[] };
  return records.map(({ record }) => `${record.seq} ${record.event}`);
}

const START = { event: 'daemon-start', facts: { version: '0.1.0' } };

describe('audit show', () => {
  test('tells one call on one screen, what the monitor saw apart from what the broker told it', async () => {
    const log = playLog();
    log.add(
      START,
      sessionStart(3, 0),
      ...wholeCall({ call: 7, session: 3, uid: 0, launch: 5 }),
      sessionEnd(3, 0),
    );
    const { status, stdout, stderr } = await show(log, 7);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      `${requestIdOf(7)}: disk.usage for root: ok after 20 ms`,
      'facts: seen by the monitor itself; claims: what the broker told it',
      'Session 3        record 2  2026-01-02T03:00:02.000000Z  -1 s',
      '  facts  session=3 uid=0(root) gid=0(root) groups=4(adm) pid=4711',
      'Intent           record 3  2026-01-02T03:00:03.000000Z  +0 ms',
      '  facts  generation=1',
      '  claims call=7 method=disk.usage trace_id=4bf92f3577b34da6a3ce929d0e0e4736',
      '         decision=permit policies=ops-may-look',
      '         params_hash=9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      'Launch 5         record 4  2026-01-02T03:00:04.000000Z  +1 s',
      '  facts  launch=5 for=call profile=disk isolation.launcher=bubblewrap',
      '         isolation.way=user-namespace isolation.uid=79001',
      '         isolation.capabilities=none',
      'End of launch 5  record 5  2026-01-02T03:00:05.000000Z  +2 s',
      '  facts  end=exit exit_status=0 usage.cpu_microseconds=5ms',
      '         usage.memory_peak_bytes=4000000',
      'Outcome          record 6  2026-01-02T03:00:06.000000Z  +3 s',
      '  facts  launches=5 stages_us.intent=0.3ms stages_us.launch=4ms',
      '         stages_us.total=20ms',
      '  claims outcome=ok end_reason=ok bytes_out=212 scrubbed.github-token=1',
      'End of session 3 record 7  2026-01-02T03:00:07.000000Z  +4 s',
      '  facts  reason=peer-closed',
      '',
    ]);
    expect(stdout.split('\n').every((line) => line.length <= 85)).toBe(true);
  });

  test('finds session, launch and ends in other segments, plain and compressed', async () => {
    const log = playLog();
    log.add(START, sessionStart(3, 1000));
    const first = log.rotate();
    log.addMany(5);
    const second = log.rotate();
    const call = { call: 7, session: 3, launch: 5 };
    log.add(launchStart(call));
    log.rotate();
    log.add(intent(call), outcome(call));
    const fourth = log.rotate();
    log.addMany(3);
    log.rotate();
    log.add(launchEnd(call), sessionEnd(3, 1000));
    for (const segment of [first, second, fourth]) log.compress(segment);
    const expected = [
      '2 session',
      '8 launch',
      '9 call-start',
      '10 call-end',
      '14 launch-end',
      '15 session-end',
    ];
    expect(await story(log, 7)).toEqual(expected);
  });

  test('keeps to the life of the daemon that the call is of: each counts sessions, calls and launches anew', async () => {
    const log = playLog();
    const call = { call: 7, session: 3, launch: 5 };
    const other = { call: 8, session: 3, launch: 5 };
    for (const [uid, played] of [
      [0, other],
      [1000, call],
      [1001, other],
    ] as const) {
      log.add(START, sessionStart(3, uid), ...wholeCall(played), sessionEnd(3, uid));
      log.rotate();
    }
    expect(await story(log, 7)).toEqual([
      ...['9 session', '10 call-start', '11 launch', '12 launch-end', '13 call-end', '14 session-end'],
    ]);
  });

  test('tells launches of a call that has no outcome by the call’s own number, and that it has none', async () => {
    const log = playLog();
    const call = { call: 7, session: 3, launch: 5 };
    log.add(START, sessionStart(3, 1000), intent(call), launchStart({ call: 8, session: 4, launch: 4 }));
    log.add(launchStart(call), {
      event: 'launch-refused',
      facts: { session: 3, reason: 'paused' },
      claims: { call: 7 },
    });
    expect(await story(log, 7)).toEqual(['2 session', '3 call-start', '5 launch', '6 launch-refused']);
    const { stdout } = await show(log, 7);
    expect(stdout).toContain(`disk.usage for ${nameOf(1000)}: no end on record\n`);
    expect(stdout).toContain('\nNo end is on record: the call goes on, or the log was cut.\n');
  });

  test('tells a call that was closed at the next start of the daemon', async () => {
    const log = playLog();
    const call = { call: 7, session: 3, launch: 5 };
    log.add(START, sessionStart(3, 1000), intent(call), launchStart(call), START);
    log.add({
      event: 'interrupted',
      facts: { session: 3, uid: 1000, launches: [5], why: 'daemon-ended', end_reason: 'interrupted' },
      claims: { call: 7, request_id: requestIdOf(7), method: 'disk.usage' },
    });
    expect(await story(log, 7)).toEqual(['2 session', '3 call-start', '4 launch', '6 interrupted']);
    expect((await show(log, 7)).stdout).toContain(': interrupted\n');
  });

  test('tells a refusal with its session', async () => {
    const log = playLog();
    log.add(START, sessionStart(3, 0), denial({ call: 9, session: 3, uid: 0 }));
    expect(await story(log, 9)).toEqual(['2 session', '3 denied']);
    const { stdout } = await show(log, 9);
    expect(stdout).toContain(`${requestIdOf(9)}: disk.usage for root: denied\n`);
    expect(stdout).toContain('decision=deny');
  });

  test('gives an object of many members rows of its own, and what an outcome repeats of its launch is said once', async () => {
    const log = playLog();
    const call = { call: 7, session: 3, launch: 5 };
    const members = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`limit_${index}`, index]));
    log.add(START, sessionStart(3, 0), intent(call), {
      event: 'launch',
      facts: { launch: 5, isolation: members },
    });
    log.add(launchEnd(call), {
      event: 'call-end',
      facts: { session: 3, uid: 1000, launches: [5], run: { end: 'exit', exit_status: 1 } },
      claims: { call: 7, request_id: requestIdOf(7), reason_text: 'because "I" say', ok: 'x=1 y=2' },
    });
    const { stdout } = await show(log, 7);
    expect(stdout).toMatch(/^ {2}facts\.isolation limit_0=0 limit_1=1 .*\n {18}limit_/m);
    expect(stdout).toMatch(/^ {2}facts {2}.*launches=5 exit_status=1$/m);
    expect(stdout).toContain('reason_text="because \\"I\\" say" ok="x=1 y=2"');
  });

  test('shows a second outcome, and what a record says otherwise than one before it', async () => {
    const log = playLog();
    log.add(START, sessionStart(3, 0), ...wholeCall({ call: 7, session: 3, uid: 0 }));
    log.add(outcome({ call: 7, session: 3, uid: 1, end: 'timeout' }));
    const { stdout } = await show(log, 7);
    expect(stdout.match(/^Outcome /gm)).toHaveLength(2);
    expect(stdout).toMatch(/^ {2}facts {2}uid=1\(daemon\)$/m);
    expect(stdout).toContain('outcome=timeout end_reason=timeout');
  });

  test('says where the intent is no longer there', async () => {
    const log = playLog();
    const call = { call: 7, session: 3 };
    log.add(START, sessionStart(3, 1000), intent(call));
    const first = log.rotate();
    log.add(outcome(call));
    log.remove(first);
    expect((await show(log, 7)).stdout).toContain(
      '\nNo intent is on record: retention has removed it, or somebody else.\n',
    );
  });

  test('marks what was edited and what is no record, without an effect on the terminal (U1)', async () => {
    const log = playLog();
    const [line = ''] = log.add(denial({ call: 9, claims: {} }));
    writeFileSync(log.path, `${line.replace('forbidden', 'for\\u001b[2J bidden')}\n`);
    log.addBytes(`${requestIdOf(9)} \x1b]0;x\x07\n`);
    const { stdout } = await show(log, 9);
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(stdout).toContain('  ! not as driverd wrote it: "its hash is not that of its bytes"\n');
    expect(stdout).toContain('reason="for\\x1b[2J bidden"');
    expect(stdout).toContain(`\n? ${requestIdOf(9)} \\x1b]0;x\\x07\n`);
  });

  test('refuses an id that no record names, and what is no id', async () => {
    const log = playLog();
    log.addMany(1);
    expect(await show(log, 7)).toEqual({
      status: 10,
      stdout: '',
      stderr: `driverctl: Cannot show ${requestIdOf(7)}: no record in ${log.path} or its earlier segments names it\n`,
    });
    const wrong = await run(['audit', 'show', '--log', log.path, '01890a5d']);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain('Cannot read the request id: 01890a5d is not a request id: a UUID');
    expect((await run(['audit', 'show'])).stderr).toContain('the request id is missing');
  });

  test('tells what it can where a segment is damaged, and says so', async () => {
    const log = playLog();
    log.add(START, sessionStart(3, 1000));
    const first = log.rotate();
    log.add(...wholeCall({ call: 7, session: 3 }));
    log.compress(first);
    writeFileSync(compressedPath(first), readFileSync(compressedPath(first)).subarray(0, 50));
    const { status, stdout, stderr } = await show(log, 7);
    expect(status).toBe(10);
    expect(stdout).toContain('Outcome');
    expect(stderr).toBe(`driverctl: Cannot read ${compressedPath(first)}: unexpected end of file\n`);
  });
});

/** As this host has it. */
function nameOf(uid: number): string {
  const row = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.split(':')[2] === String(uid));
  return row?.split(':')[0] ?? `uid ${uid}`;
}
