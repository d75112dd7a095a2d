import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type AuditRecord, hasRecordForm, parseRecord } from '../../src/shared/audit/record.ts';
import { listSegments } from '../../src/shared/audit/segments.ts';
import { verifyLog } from '../../src/shared/audit/verify.ts';
import { readSegment } from '../shared/audit/read-segment.ts';
import { connectClient, type Message } from '../support/client.ts';
import { startTestDaemon, type TestDaemon } from '../support/daemon.ts';
import { patience } from '../support/patience.ts';

const CALLERS = 8;
const WAIT = { timeout: 60_000 * patience, interval: 100 };
const UNAVAILABLE = 'audit-unavailable';
/** A driver that can be seen to have run: it leaves a word behind. */
const MANIFEST = `version: 1
name: mark
kind: command
program: { executable: mark }
methods:
  leave:
    params: { type: object, additionalProperties: false, required: [word], properties: { word: { type: string } } }
    arguments: ['--', { param: word }]
    output: text
    result: { type: object }
`;

interface Places {
  readonly folder: string;
  readonly small: string;
  readonly marks: string;
}

let daemon: TestDaemon | undefined;
let places: Places | undefined;
afterEach(async () => {
  await daemon?.stop().catch(() => undefined);
  if (places !== undefined) execFileSync('umount', ['--lazy', places.small]);
  for (const folder of [places?.folder, places?.marks])
    rmSync(folder ?? '', { recursive: true, force: true });
});

/** A configuration whose audit log has a disk of 1 MiB to itself. */
function makePlaces(): Places {
  process.umask(0o022);
  const folder = mkdtempSync(join(tmpdir(), 'driverd-full-'));
  // What driverd has as its own is granted to no driver.
  const marks = mkdtempSync(join(tmpdir(), 'driverd-marks-'));
  chmodSync(folder, 0o755);
  chmodSync(marks, 0o777);
  const [small, driver] = [join(folder, 'audit'), join(folder, 'drivers/mark')];
  for (const made of [small, driver]) mkdirSync(made, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0750', 'tmpfs', small]);
  writeFileSync(join(driver, 'mark'), `#!/bin/sh\n: >"${marks}/$2"\necho done\n`, { mode: 0o755 });
  writeFileSync(join(driver, 'driver.yaml'), MANIFEST);
  return { folder, small, marks };
}

/** Takes all the room but for so many bytes. */
function fill({ small }: Places, leave: number): void {
  const { bavail, bsize } = statfsSync(small);
  writeFileSync(join(small, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - leave)));
}

function ran({ marks }: Places): Set<string> {
  return new Set(execFileSync('ls', ['-A', marks], { encoding: 'utf8' }).split('\n').filter(Boolean));
}

interface Answered {
  readonly word: string;
  readonly reply: Message;
}

/** Calls with a word of its own each, many at once, until `enough`. */
async function callOn(
  socket: string,
  round: string,
  enough: (answers: readonly Answered[]) => boolean,
): Promise<Answered[]> {
  const answers: Answered[] = [];
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      const client = await connectClient(socket);
      for (let call = 0; !enough(answers); call += 1) {
        const word = `${round}-${caller}-${call}`;
        const reply = await client.call('mark.leave', { word, _meta: { reply: true } });
        answers.push({ word, reply });
      }
      client.close();
    }),
  );
  return answers;
}

const reasonOf = ({ reply }: Answered): unknown => reply.error?.data.reason;
const requestOf = ({ reply }: Answered): unknown =>
  reply.error?.data.request_id ?? reply._meta?.['request_id'];
const refusedOf = (answers: readonly Answered[]): Answered[] =>
  answers.filter((one) => reasonOf(one) === UNAVAILABLE);

async function recordsOf(log: string): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (const segment of await listSegments(log)) {
    await readSegment(segment, ({ bytes }) => {
      if (hasRecordForm(bytes)) records.push(parseRecord(bytes));
      return true;
    });
  }
  return records;
}

test('on a disk of 1 MiB filled to the brim under load no reply lacks its record, no driver is started while it is full, and work goes on without a restart (A1, invariant 11)', async () => {
  places = makePlaces();
  daemon = await startTestDaemon({
    folder: places.folder,
    profiles: { mark: `version: 1\nfilesystem:\n  write: [${JSON.stringify(places.marks)}]\n` },
    audit: 'reserve_bytes: 65536, low_water_bytes: 131072, rotate_bytes: 65536',
  });
  const { socket, log } = daemon;
  const all: Answered[] = [];
  for (const round of ['a', 'b']) {
    // Under load, and little room: the disk becomes full within the calls.
    fill(places, 60_000);
    all.push(...(await callOn(socket, `${round}-filling`, (answers) => refusedOf(answers).length > 20)));

    const before = ran(places);
    const full = await callOn(socket, `${round}-full`, (answers) => answers.length > 100);
    expect(new Set(full.map(reasonOf))).toEqual(new Set([UNAVAILABLE]));
    expect(ran(places)).toEqual(before);
    all.push(...full);

    // Who may ask for the status is told of it by the refusal; the service's status line says it too.
    const client = await connectClient(socket);
    const status = await client.call('rpc.status');
    client.close();
    expect(status.error?.data).toMatchObject({ reason: UNAVAILABLE, audit: { state: 'failing' } });
    expect(status.error?.data.audit.conditions).toContain('reserve-given-up');
    all.push({ word: 'status', reply: status });

    rmSync(join(places.small, 'ballast'));
    await expect
      .poll(async () => {
        const answers = await callOn(socket, `${round}-again-${Math.random()}`, (some) => some.length >= 1);
        all.push(...answers);
        return refusedOf(answers).length;
      }, WAIT)
      .toBe(0);
  }
  all.push(...(await callOn(socket, 'end', (answers) => answers.length > 50)));
  expect(all.slice(-50).every(({ reply }) => reply.error === undefined)).toBe(true);
  daemon.monitor.kill('SIGTERM');
  await new Promise((resolve) => daemon?.monitor.once('exit', resolve));

  expect(await verifyLog(log, join(daemon.state, 'audit-head'))).toMatchObject({
    ok: true,
    firstBad: null,
  });
  const records = await recordsOf(log);
  const withEvent = (...events: string[]): Set<unknown> =>
    new Set(records.filter(({ event }) => events.includes(event)).map(({ claims }) => claims['request_id']));
  const [intents, outcomes] = [withEvent('call-start'), withEvent('call-end')];

  // No reply without a record, and nothing was started for whom it was refused.
  const answered = all.filter(({ reply }) => reply.error === undefined);
  expect(answered.length).toBeGreaterThan(50);
  expect(answered.filter((one) => !outcomes.has(requestOf(one)))).toEqual([]);
  const marks = ran(places);
  expect(refusedOf(all).filter(({ word }) => marks.has(word))).toEqual([]);
  const others = all.filter((one) => one.reply.error !== undefined && reasonOf(one) !== UNAVAILABLE);
  expect(others.filter((one) => reasonOf(one) !== 'outcome-unrecorded')).toEqual([]);
  expect(others.filter((one) => !intents.has(requestOf(one)))).toEqual([]);

  // Each that was refused without an outcome was counted, and recorded as a number. Its intent may stand there all the same:
  // a write that fails leaves what it had written, and nobody was told of it.
  const recoveries = records.filter(({ event }) => event === 'recovery');
  const counted = [...recoveries, ...records.filter(({ event }) => event === 'audit-refused-count')];
  const refused = refusedOf(all).filter((one) => !outcomes.has(requestOf(one)));
  expect(counted.reduce((sum, { facts }) => sum + Number(facts['refused']), 0)).toBe(refused.length);
  expect(recoveries.filter(({ facts }) => facts['refusing'] === false)).toHaveLength(2);
  for (const { facts } of recoveries)
    expect(facts).toMatchObject({ error: 'ENOSPC', since: expect.any(String) });
  // Its own record may be the one after which a file is full: the last file then begins anew, with a seal.
  expect(records.filter(({ event }) => event === 'daemon-stop')).toHaveLength(1);
}, 600_000);
