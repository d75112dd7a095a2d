import { expect, test } from 'vitest';
import type { MonitorAudit } from '../../../src/boundary/messages.ts';
import { RECORDS_TOLD_MAXIMUM } from '../../../src/boundary/notices.ts';
import { answerRecords } from '../../../src/monitor/broker/answer-records.ts';

function answering() {
  const sent: MonitorAudit[] = [];
  return { sent, ...answerRecords((message) => sent.push(message)) };
}

test('records that stand after one write are told in one message, each once', async () => {
  const { sent, recorded } = answering();
  const written = Promise.resolve();
  for (const serial of [7, 8, 9]) void written.then(() => recorded(serial));
  await new Promise(setImmediate);
  expect(sent).toEqual([{ type: 'recorded', serials: [7, 8, 9] }]);
  recorded(10);
  await new Promise(setImmediate);
  expect(sent.at(-1)).toEqual({ type: 'recorded', serials: [10] });
});

test('a message tells of no more records than the broker takes (invariant 14)', async () => {
  const { sent, recorded } = answering();
  const serials = Array.from({ length: 2 * RECORDS_TOLD_MAXIMUM + 1 }, (_, serial) => serial);
  for (const serial of serials) recorded(serial);
  await new Promise(setImmediate);
  const lists = sent.map((message) => (message.type === 'recorded' ? message.serials : []));
  expect(lists.map(({ length }) => length)).toEqual([RECORDS_TOLD_MAXIMUM, RECORDS_TOLD_MAXIMUM, 1]);
  expect(lists.flat()).toEqual(serials);
});

test('a record that was refused is told by itself and at once (invariant 11)', () => {
  const { sent, recorded, unrecorded } = answering();
  recorded(1);
  unrecorded(2, 'audit-unavailable');
  expect(sent).toEqual([{ type: 'unrecorded', serial: 2, reason: 'audit-unavailable' }]);
});
