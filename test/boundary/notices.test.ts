import { expect, test } from 'vitest';
import {
  createNoticeReader,
  encodeNotice,
  NOTICE_BYTES_MAXIMUM,
  RECORDS_TOLD_MAXIMUM,
} from '../../src/boundary/notices.ts';

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
