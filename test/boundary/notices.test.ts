import { expect, test } from 'vitest';
import { BROKER_AUDIT } from '../../src/boundary/messages.ts';
import {
  createNoticeReader,
  encodeNotice,
  NOTICE_BYTES_MAXIMUM,
  RECORDS_TOLD_MAXIMUM,
  SERIAL_MAXIMUM,
} from '../../src/boundary/notices.ts';
import { messageReader } from '../../src/boundary/shape.ts';

/** limits.h: so much is written to a pipe at once or not at all (pipe(7)). */
const PIPE_BUF = 4_096;

test.each([1, 2, 5, 6, 7, 11, 64, 4_096])(
  'serials come whole where a pipe is read in pieces of %i',
  (piece) => {
    const serials = [...Array.from({ length: 700 }, (_, serial) => serial * 1_000_003), 2 ** 48 - 1];
    const bytes = encodeNotice(serials);
    const heard: number[] = [];
    const read = createNoticeReader((serial) => heard.push(serial));
    for (let at = 0; at < bytes.length; at += piece) read(bytes.subarray(at, at + piece));
    expect(heard).toEqual(serials);
  },
);

test('a notice of as many records as one write has goes into a pipe whole or not at all', () => {
  const notice = encodeNotice(Array.from({ length: RECORDS_TOLD_MAXIMUM }, (_, serial) => serial));
  expect(notice).toHaveLength(NOTICE_BYTES_MAXIMUM);
  expect(NOTICE_BYTES_MAXIMUM).toBeLessThanOrEqual(PIPE_BUF);
});

test('a broker that numbers a record higher than a notice has room for says what is not in the table, which ends it (invariant 6)', () => {
  const read = messageReader(BROKER_AUDIT);
  const refusal = (serial: number): Buffer =>
    Buffer.from(
      JSON.stringify({
        ...{ type: 'refusal', serial, session: 1, kind: 'invalid', reason: 'invalid-params', error: -32_602 },
        ...{ request: '00000000-0000-7000-8000-000000000000', method: null, params: null, policies: [] },
        ...{ trace: 'c'.repeat(32), span: 'd'.repeat(16), because: null },
      }),
    );
  expect(read(refusal(SERIAL_MAXIMUM))).toMatchObject({ serial: SERIAL_MAXIMUM });
  expect(encodeNotice([SERIAL_MAXIMUM])).toHaveLength(6);
  expect(read(refusal(SERIAL_MAXIMUM + 1))).toBeNull();
});
