import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filterOptions } from '../../../src/driverctl/audit/filters.ts';
import { END_REASONS } from '../../../src/shared/audit/end-reasons.ts';
import { compressedPath } from '../../../src/shared/audit/segments.ts';
import { type Ran, run } from '../played-surroundings.ts';
import { denial, HASH, requestIdOf, sessionEnd, sessionStart, TRACE, wholeCall } from './played-calls.ts';
import { type PlayedLog, playLog } from './played-log.ts';

/** A log in three files, the oldest compressed: calls 1 to 6 of two callers, and a denial in each file. */
function playThreeSegments(): PlayedLog {
  const log = playLog();
  log.add({ event: 'daemon-start', facts: { version: '0.1.0' } });
  log.add(sessionStart(1, 1000), sessionStart(12, 0));
  log.add(...wholeCall({ call: 1 }), ...wholeCall({ call: 2, method: 'disk.list', end: 'timeout' }));
  log.add(denial({ call: 101, method: 'service.restart' }));
  log.compress(log.rotate());
  log.add(...wholeCall({ call: 3, session: 12, uid: 0 }), denial({ call: 102, session: 12, uid: 0 }));
  log.rotate();
  log.add(...wholeCall({ call: 4, method: 'diskette.usage' }), denial({ call: 103 }));
  log.add(sessionEnd(1, 1000));
  return log;
}

async function search(log: PlayedLog, ...words: string[]): Promise<Ran> {
  return run(['audit', 'search', '--log', log.path, ...words]);
}

/** What was found, as `event` and the number of the call. */
async function found(log: PlayedLog, ...words: string[]): Promise<string[]> {
  const { status, stdout, stderr } = await search(log, ...words);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const { event, claims } = JSON.parse(line) as {
        event: string;
        claims: { request_id?: string; call?: number };
      };
      const call = claims.request_id?.slice(-3) ?? claims.call;
      return call === undefined ? event : `${event} ${Number(call)}`;
    });
}

describe('audit search', () => {
  test('finds what one option asks for, over all segments, the newest last', async () => {
    const log = playThreeSegments();
    expect(await found(log, '--request', requestIdOf(3))).toEqual(['call-start 3', 'call-end 3']);
    expect(await found(log, '--request', requestIdOf(3).toUpperCase())).toHaveLength(2);
    expect(await found(log, '--event', 'denied')).toEqual(['denied 101', 'denied 102', 'denied 103']);
    expect(await found(log, '--method', 'disk.list')).toEqual(['call-start 2', 'call-end 2']);
    expect(await found(log, '--end', 'timeout')).toEqual(['call-end 2']);
    expect(await found(log, '--end', 'denied')).toHaveLength(3);
    expect(await found(log, '--session', '12')).toEqual([
      'session',
      ...['call-start 3', 'launch 3', 'launch-end', 'call-end 3', 'denied 102'],
    ]);
    expect(await found(log, '--caller', '0', '--event', 'denied')).toEqual(['denied 102']);
    expect(await found(log, '--caller', 'root', '--event', 'session')).toEqual(['session']);
    expect(await found(log, '--trace', TRACE)).toHaveLength(11);
    expect(await found(log, '--hash', HASH)).toEqual([
      'call-start 1',
      'call-start 2',
      'call-start 3',
      'call-start 4',
    ]);
  });

  test('takes the records of a driver for those of its methods and launches, and no other of a longer name', async () => {
    const log = playThreeSegments();
    expect(await found(log, '--driver', 'disk', '--event', 'launch')).toEqual([
      'launch 1',
      'launch 2',
      'launch 3',
    ]);
    expect(await found(log, '--driver', 'diskette', '--event', 'call-end')).toEqual(['call-end 4']);
    expect(await found(log, '--driver', 'service')).toEqual(['denied 101']);
  });

  test('finds only what is all that is asked for', async () => {
    const log = playThreeSegments();
    const words = ['--driver', 'disk', '--caller', '1000', '--trace', TRACE];
    expect(await found(log, ...words, '--event', 'call-end')).toEqual(['call-end 1', 'call-end 2']);
    expect(await found(log, ...words, '--event', 'call-end', '--end', 'ok')).toEqual(['call-end 1']);
  });

  test('without an option gives every record as it stands', async () => {
    const log = playLog();
    const lines = log.addMany(3);
    log.compress(log.rotate());
    lines.push(...log.addMany(2));
    expect((await search(log)).stdout).toBe(`${lines.join('\n')}\n`);
    expect((await search(log, '--json')).stdout).toBe(`${lines.join('\n')}\n`);
  });

  test('that finds nothing ends well and prints nothing', async () => {
    const log = playThreeSegments();
    expect(await search(log, '--request', requestIdOf(999))).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('gives the newest where there is a limit, also where they lie in several segments', async () => {
    const log = playThreeSegments();
    expect(await found(log, '--event', 'denied', '--limit', '2')).toEqual(['denied 102', 'denied 103']);
    expect(await found(log, '--event', 'call-end', '--limit', '3')).toEqual([
      'call-end 2',
      'call-end 3',
      'call-end 4',
    ]);
    expect(await found(log, '--limit', '1')).toEqual(['session-end']);
    expect(await found(log, '--limit', '1000000')).toHaveLength(log.seq);
  });

  test('is bounded by time, both ends included', async () => {
    const log = playLog();
    for (const hour of ['03', '04', '05', '06', '09', '12']) {
      log.add({ event: 'denied', time: `2026-01-02T${hour}:00:00.000000Z`, claims: { call: Number(hour) } });
      log.rotate();
    }
    const times = (since: string, until: string) =>
      found(log, '--since', `2026-01-02T${since}Z`, '--until', `2026-01-02T${until}Z`);
    expect(await times('04:00', '05:00')).toEqual(['denied 4', 'denied 5']);
    expect(await times('04:00:00.001', '09:00')).toEqual(['denied 5', 'denied 6', 'denied 9']);
    expect(await times('13:00', '14:00')).toEqual([]);
    expect(await found(log, '--until', '2026-01-02T04:30:00+01:00')).toEqual(['denied 3']);
    expect(await found(log, '--since', '2026-01-02T09:00Z', '--limit', '5')).toEqual([
      'denied 9',
      'denied 12',
    ]);
  });

  test('by time opens no segment that cannot hold any', async () => {
    const log = playLog();
    log.add({ time: '2026-01-02T03:00:00.000000Z' }, { time: '2026-01-02T03:00:01.000000Z' });
    log.compress(log.rotate());
    log.add({ time: '2026-01-02T06:00:00.000000Z' });
    log.compress(log.rotate());
    log.add({ time: '2026-01-02T09:00:00.000000Z' });
    // Damage behind the first record shows only where the segment is read.
    const first = compressedPath(`${log.folder}/audit-0000000000000001.jsonl`);
    writeFileSync(first, readFileSync(first).subarray(0, -4));
    expect((await search(log, '--since', '2026-01-02T08:00Z')).status).toBe(0);
    expect((await search(log, '--until', '2026-01-02T04:00Z')).status).toBe(10);
  });

  test('by time finds records of a clock that was set back by up to an hour (A15)', async () => {
    const log = playLog();
    log.add({ time: '2026-01-02T03:00:00.000000Z' }, { time: '2026-01-02T02:10:00.000000Z' });
    log.rotate();
    log.add({ time: '2026-01-02T03:30:00.000000Z' });
    expect(await found(log, '--until', '2026-01-02T02:30Z')).toEqual(['session']);
  });

  test('refuses what no record can be, before anything is read', async () => {
    const cases: readonly (readonly [string[], string])[] = [
      [['--request', 'x'], 'Cannot read --request: x is not a request id: a UUID'],
      [['--trace', 'abc'], 'Cannot read --trace: abc is not 32 hexadecimal digits'],
      [['--hash', 'z'.repeat(64)], 'is not 64 hexadecimal digits'],
      [['--event', 'call'], 'Cannot read --event: call is none of daemon-start, '],
      [['--end', 'fine'], 'Cannot read --end: fine is none of ok, denied, '],
      [['--session', '-1'], 'Cannot read'],
      [['--session', '1.5'], 'Cannot read --session: 1.5 is no whole number'],
      [['--limit', '0'], 'Cannot read --limit: 0 is no whole number from 1 to 1000000'],
      [['--caller', 'no-such-user-of-this-host'], 'this host has no such user; its number will do'],
      [['--since', 'soon'], 'Cannot read --since: soon is not a time: '],
      [['--since', '1h', '--until', '2h'], 'Cannot read --until: it is before --since'],
    ];
    for (const [words, message] of cases) {
      const { status, stdout, stderr } = await run([
        'audit',
        'search',
        '--log',
        '/nonexistent/log',
        ...words,
      ]);
      expect({ words, status, stdout }).toEqual({ words, status: 2, stdout: '' });
      expect(stderr).toContain(message);
    }
  });

  test('says why a log cannot be read', async () => {
    const log = playLog();
    const missing = await run(['audit', 'search', '--log', `${log.folder}/none`]);
    expect(missing).toEqual({
      status: 10,
      stdout: '',
      stderr: `driverctl: Cannot read the audit log ${log.folder}/none: it does not exist\n`,
    });
  });

  test('gives what it can read, says what it could not, and ends with a status of its own', async () => {
    const log = playThreeSegments();
    const first = compressedPath(`${log.folder}/audit-0000000000000001.jsonl`);
    writeFileSync(first, readFileSync(first).subarray(0, 100));
    const { status, stdout, stderr } = await search(log, '--event', 'denied');
    expect(status).toBe(10);
    expect(stdout.split('\n')).toHaveLength(3);
    expect(stderr).toBe(`driverctl: Cannot read ${first}: unexpected end of file\n`);
  });

  test('prints records alone where a program reads them, and counts the lines that are none', async () => {
    const log = playLog();
    const [record] = log.add(denial({ call: 1 }));
    log.addBytes(
      `{"event":"denied"} \x1b]0;x\x07\n${'x'.repeat(200_000)}"event":"denied"\n{"event":"denied","facts":1}\n`,
    );
    const { status, stdout, stderr } = await search(log, '--event', 'denied');
    expect(stdout).toBe(`${record}\n`);
    expect(stderr).toContain('3 lines hold what is looked for without being a record');
    expect(status).toBe(0);
  });
});

test('docs/audit.md names every option by which records are found, and every word for the end of a call', () => {
  const text = readFileSync(new URL('../../../docs/audit.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| option | finds |'), text.indexOf('A time is ISO 8601'));
  for (const option of [...filterOptions, 'since', 'until', 'limit']) expect(table).toContain(`--${option} `);
  const [, words = ''] = table.match(/^\| `--end WORD` \| ends of calls: (.*) \|$/m) ?? [];
  expect(words.split(', ').sort()).toEqual(END_REASONS.map((word) => `\`${word}\``).sort());
});

describe('audit search on a terminal', () => {
  const terminal = (log: PlayedLog, ...words: string[]): Promise<Ran> =>
    run(['audit', 'search', '--log', log.path, ...words], { terminal: true });

  test('is a table', async () => {
    const log = playLog();
    log.add(...wholeCall({ call: 7, uid: 0 }), { event: 'reload', facts: { generation: 2 } });
    const { stdout } = await terminal(log);
    const [heading, , , , end, reload] = stdout.split('\n');
    expect(heading).toMatch(/^SEQ +TIME \(UTC\) +EVENT +CALLER +METHOD +END +TOOK +REQUEST, OR FACTS$/);
    expect(end).toMatch(
      /^4 +2026-01-02 03:00:04\.000000 +call-end +root +disk\.usage +ok +20 ms +01890a5d-ac96-774b-bcce-000000000007$/,
    );
    expect(reload).toMatch(/^5 +2026-01-02 03:00:05\.000000 +reload +- +- +- +- +generation=2$/);
  });

  test('is as safe as JSON with --json', async () => {
    const log = playLog();
    log.add({ event: 'denied', claims: { method: 'a\u202eb' } });
    const { stdout } = await terminal(log, '--json');
    expect(JSON.parse(stdout).claims).toEqual({ method: 'a\u202eb' });
    expect(stdout).toContain('\\u202e');
  });

  test('has no effect on it, whatever the log holds; what was edited or is no record is marked (U1, U2)', async () => {
    const log = playLog();
    log.add({
      event: 'denied',
      facts: { uid: 1 },
      claims: { method: 'x\u001b]52;c;x\u0007\u202e', end_reason: '\u009b2J' },
    });
    const [line = ''] = log.add(denial({ call: 2 }));
    writeFileSync(
      log.path,
      readFileSync(log.path, 'utf8').replace(line, line.replace('forbidden', 'forgotten')),
    );
    log.addBytes(`"event":"denied" \x1b[2J ${'y'.repeat(3_000)}\n`);
    const { stdout } = await terminal(log, '--event', 'denied');
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
    const [, first, edited, foreign = ''] = stdout.split('\n');
    expect(first).toContain('x\\x1b]52;c;x\\x07');
    expect(edited).toContain(' ! its hash is not that of its bytes');
    expect(foreign).toMatch(/^\? "event":"denied" \\x1b\[2J y+\.\.\.$/);
    expect(foreign.length).toBeLessThan(1_100);
  });

  test('is shown while the log goes on: a segment that is compressed meanwhile is read', async () => {
    const log = playThreeSegments();
    const searching = found(log, '--event', 'denied');
    log.compress(`${log.folder}/audit-0000000000000013.jsonl`);
    expect(await searching).toEqual(['denied 101', 'denied 102', 'denied 103']);
  });
});
