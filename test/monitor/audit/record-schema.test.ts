import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRefusals } from '../../../src/monitor/audit/refusals.ts';
import { callerFacts } from '../../../src/monitor/session/caller-facts.ts';
import type { AuditFields } from '../../../src/shared/audit/fields.ts';
import { AUDIT_EVENTS } from '../../../src/shared/audit/record.ts';
import { encodeResetRequest, RESET_REQUEST_FILE } from '../../../src/shared/audit/reset-request.ts';
import { makePlaces } from '../../shared/audit/made-log.ts';
import { makeSealedPlaces, runDaemon } from '../../shared/audit/seals/sealed-places.ts';
import { recordProblem, recordSchema } from '../../support/record-schema.ts';

const validate = (record: unknown): boolean => recordProblem(record) === null;

const CLAIMS: AuditFields = {
  ...{ call: 1, request_id: '01890a5d-ac96-774b-bcce-b302099a8057', method: 'disk.usage' },
  ...{ params_hash: 'a'.repeat(64), params_key: 'b'.repeat(16), policies: ['ops'], notification: false },
  ...{ trace_id: 'c'.repeat(32), span_id: 'd'.repeat(16), outcome: 'ok', end_reason: 'ok', error_code: null },
  ...{ handed_over: true, bytes_in: 1, bytes_out: 2, bytes_dropped: 0, control_characters_removed: 0 },
  ...{ waited_us: 3, ran_us: 4, scrubbed: { 'github-token': 1 } },
  stages_us: { validate: 1, authorise: 2, intent: 3, launch: null, run: null, scrub: null },
};
const ENDED: AuditFields = {
  ...{ session: 1, uid: 0, launches: [1], run: null, duration_ms: 1 },
  stages_us: { intent: 1, launch: null, run: null, total: 2 },
};
const CALLER = {
  ...{ uid: 0, gid: 0, groups: [4], pid: 7, unit: null, pidProven: true, pidStart: 1 },
  ...{ loginUid: null, loginSession: null, container: null },
};

test('every kind of record that is written matches protocol/audit-record.schema.json', async () => {
  const places = makePlaces();
  const log = await places.open();
  const caller = callerFacts(CALLER, { users: [{ name: 'root', id: 0 }], groups: [] }, 32);
  await log.append('session', { session: 1, ...caller }, {}, false);
  await log.append('call-end', ENDED, CLAIMS, true);
  const refusals = createRefusals({
    ...{ wholePerWindow: 1, windowMs: 1000, countMs: 100, maximumIdentities: 1 },
    write: ({ uid, from, to, ...told }) => log.append('refusals', { uid, from, to }, told, false),
  });
  for (const uid of [1, 1, 2, 2]) refusals.admit(uid, 'forbidden');
  await refusals.close();
  log.countRefused();
  await log.close();
  appendFileSync(places.path, '{"version":1');
  await (await places.open()).close();
  const records = (await places.allLines()).filter((line) => line.endsWith('}'));
  expect(records).toHaveLength(7);
  for (const line of records) {
    expect(recordProblem(JSON.parse(line.replace('{"version":1{', '{')))).toBeNull();
  }
});

test('so do the records of seals, and of a log that began anew', async () => {
  const places = makeSealedPlaces();
  await runDaemon(places, 0);
  const request = encodeResetRequest({ uid: 0, reason: 'a disk was lost' });
  writeFileSync(join(places.state, RESET_REQUEST_FILE), request, { mode: 0o600 });
  await runDaemon(places, 0);
  const events = places.lines().map((line) => {
    const record = JSON.parse(line);
    expect(recordProblem(record)).toBeNull();
    return record.event;
  });
  expect(events).toContain('seal');
  expect(events[0]).toBe('audit-reset');
});

test('the schema refuses what no record may hold', () => {
  const [good] = recordSchema.examples as { claims: object; facts: object }[];
  expect(good).toBeDefined();
  expect(validate(good)).toBe(true);
  expect(validate({ ...good, more: 1 })).toBe(false);
  expect(validate({ ...good, seq: 0 })).toBe(false);
  expect(validate({ ...good, event: 'anything' })).toBe(false);
  expect(validate({ ...good, claims: { params: { path: '/srv' } } })).toBe(false);
  expect(validate({ ...good, claims: { uid: 0 } })).toBe(false);
  // What the monitor saw alone has no claims.
  expect(validate({ ...good, claims: { method: 'disk.usage' } })).toBe(false);
  expect(validate({ ...good, host: 'web 1' })).toBe(false);
  expect(validate({ ...good, facts: { session: 1 } })).toBe(false);
  expect(validate({ ...good, event: 'recovery', facts: {} })).toBe(false);
  expect(validate({ ...good, event: 'seal', facts: { epoch: 1 } })).toBe(false);
  expect(validate({ ...good, event: 'audit-reset', facts: { why: 'asked' } })).toBe(false);
});

test('the schema names the events that the code names', () => {
  expect(recordSchema.properties.event.enum).toEqual([...AUDIT_EVENTS]);
});
