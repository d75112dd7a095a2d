import { describe, expect, test } from 'vitest';
import { journalEntry } from '../../../src/driverctl/ship/journal-entry.ts';
import { notShipped } from '../../../src/driverctl/ship/notices.ts';
import { recordShipment, type Shipment } from '../../../src/driverctl/ship/shipment.ts';
import {
  shortSyslogMessage,
  syslogFrame,
  syslogMessage,
} from '../../../src/driverctl/ship/syslog-message.ts';
import type { AuditFields } from '../../../src/shared/audit/fields.ts';
import { NO_HASH, prepareRecord, readLink, sealRecord } from '../../../src/shared/audit/record.ts';
import { readSyslogMessage } from '../../support/shipped.ts';
import { readEntry, readFrames } from './played-receiver.ts';

const at = {
  time: '2026-01-02T03:04:05.678901Z',
  monotonicNanoseconds: '123456789012',
  boot: 'c5456ee4-1f33-4d89-8ae4-378f00b84f8f',
  host: 'web-1.example',
  writer: 4711,
};
const ID = '01890a5d-ac96-774b-bcce-b302099a8057';

function shipment(event: string, facts: AuditFields, claims: AuditFields = {}): Shipment {
  const { line } = sealRecord(prepareRecord(at, event, facts, claims), 42, NO_HASH);
  const bytes = Buffer.from(line.slice(0, -1));
  const link = readLink(bytes);
  if (link === null) throw new Error('the test made no record');
  return recordShipment(bytes, link);
}

const call = shipment(
  'call-end',
  { session: 3, uid: 1000, gid: 100, pid: 4711, unit: null },
  { request_id: ID, method: 'disk.usage', outcome: 'ok' },
);

describe('a record in the journal’s native protocol', () => {
  test('has the fields that one searches by, and the whole line', () => {
    const fields = readEntry(journalEntry(call));
    expect(Object.fromEntries(fields)).toEqual({
      MESSAGE: 'call-end disk.usage ok record 42',
      PRIORITY: '6',
      SYSLOG_IDENTIFIER: 'driverd-audit',
      SYSLOG_FACILITY: '10',
      DRIVERD_SEQ: '42',
      DRIVERD_EVENT: 'call-end',
      DRIVERD_HASH: readLink(call.line)?.hash,
      DRIVERD_HOST: 'web-1.example',
      DRIVERD_REQUEST_ID: ID,
      DRIVERD_SESSION: '3',
      DRIVERD_METHOD: 'disk.usage',
      DRIVERD_UID: '1000',
      DRIVERD_GID: '100',
      DRIVERD_PID: '4711',
      DRIVERD_OUTCOME: 'ok',
      DRIVERD_RECORD: call.line.toString(),
    });
  });

  test.each([
    ['denied', '4'],
    ['permission-violation', '4'],
    ['repeated-denials', '4'],
    ['recovery', '3'],
    ['daemon-start', '5'],
    ['an-event-of-a-later-version', '6'],
  ])('has the priority that its event calls for: %s', (event, priority) => {
    expect(readEntry(journalEntry(shipment(event, {}))).get('PRIORITY')).toBe(priority);
  });

  test('that holds newlines and names of fields forges no field (A4)', () => {
    const method = 'a\nPRIORITY=0\n_UID=0\nMESSAGE\n';
    const fields = readEntry(journalEntry(shipment('denied', { unit: method }, { method })));
    expect(fields.get('PRIORITY')).toBe('4');
    expect(fields.get('DRIVERD_METHOD')).toBe('a\\nPRIORITY=0\\n_UID=0\\nMESSAGE\\n');
    expect([...fields.keys()].filter((name) => name.startsWith('_'))).toEqual([]);
  });
});

describe('a record as a syslog message', () => {
  test('is what RFC 5424 says, with the record as it stands in the log behind it', () => {
    const text = syslogMessage(call).toString();
    expect(text).toMatch(
      /^<86>1 2026-01-02T03:04:05\.678901Z web-1\.example driverd-audit \d+ call-end \[driverd@32473 seq="42" event="call-end" hash="[0-9a-f]{64}" host="web-1\.example" request_id="01890a5d-[^"]*" session="3" method="disk\.usage" uid="1000" gid="100" pid="4711" outcome="ok"\] \{"version":1/,
    );
    expect(text.endsWith(call.line.toString())).toBe(true);
  });

  test('that holds quotes, brackets and newlines ends neither its value nor its element nor its line (A4)', () => {
    const method = 'a"] [driverd@32473 seq="1"]\n<0>1 - - - - - -\\';
    const text = syslogMessage(shipment('denied', {}, { method })).toString();
    expect(text).not.toContain('\n');
    expect(readSyslogMessage(text)?.values.get('method')).toBe(method.replace('\n', '\\n'));
    expect(readSyslogMessage(text)?.values.get('seq')).toBe('42');
  });

  test('has the count of its octets before it on a stream, not of its characters', () => {
    const one = shipment('denied', {}, { said: 'häh — \u{1f600}' });
    const bytes = Buffer.concat([syslogFrame(one), syslogFrame(call)]);
    expect(readFrames(bytes)).toEqual([syslogMessage(one).toString(), syslogMessage(call).toString()]);
  });

  test('that a socket cannot take says which record it is', () => {
    const short = readSyslogMessage(shortSyslogMessage(call).toString());
    expect(short?.values.get('seq')).toBe('42');
    expect(short?.content).toMatch(/^call-end disk\.usage ok record 42, of \d+ bytes, is too large to ship$/);
  });
});

test('a record that cannot be parsed is shipped with what its ends say of it', () => {
  const line = Buffer.from('{"version":1, no JSON');
  const { text, fields, priority } = recordShipment(line, { seq: 7, event: 'denied', hash: NO_HASH });
  expect({ text, priority }).toEqual({ text: 'denied record 7', priority: 4 });
  expect(fields).toEqual([
    ['seq', '7'],
    ['event', 'denied'],
    ['hash', NO_HASH],
  ]);
});

test('a notice about missing records says how many and which, and has no sequence number of its own', () => {
  const notice = notShipped(5, 16);
  expect(notice.text).toBe('12 records (5 to 16) were removed from the log before being shipped');
  expect(notShipped(5, 5).text).toBe('record 5 was removed from the log before being shipped');
  const fields = readEntry(journalEntry(notice));
  expect(Object.fromEntries(fields)).toMatchObject({
    ...{ PRIORITY: '3', DRIVERD_EVENT: 'not-shipped' },
    ...{ DRIVERD_FROM: '5', DRIVERD_TO: '16', DRIVERD_COUNT: '12' },
  });
  expect(fields.has('DRIVERD_SEQ') || fields.has('DRIVERD_RECORD')).toBe(false);
  expect(JSON.parse(notice.line.toString())).toMatchObject({
    event: 'not-shipped',
    from: 5,
    to: 16,
    count: 12,
  });
});
