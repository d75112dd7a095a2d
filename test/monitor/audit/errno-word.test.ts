import { constants } from 'node:os';
import { expect, test } from 'vitest';
import { appendedUnlessFailed } from '../../../src/monitor/audit/append-failure.ts';
import { errorCode, StorageFailure } from '../../../src/monitor/audit/unavailable.ts';

/** As Node throws what libuv has no name for. */
function unnamedError(errno: number): Error {
  const code = `Unknown system error ${-errno}`;
  return Object.assign(new Error(`${code}: ${code}, write`), { code, errno: -errno });
}

function failureAtWrite(errno: number): unknown {
  try {
    return appendedUnlessFailed({ failed: 'write', errno }, 0);
  } catch (error) {
    return error;
  }
}

test('a quota that is used up is a full disk, wherever it shows, though libuv has no name for it', () => {
  const { EDQUOT } = constants.errno;
  expect(failureAtWrite(EDQUOT)).toMatchObject({ stage: 'write', code: 'EDQUOT', isFull: true });
  const inReserve = new StorageFailure('reserve', 'no room', unnamedError(EDQUOT));
  expect(inReserve).toMatchObject({ code: 'EDQUOT', isFull: true });
});

test.each([
  ['ENOSPC', constants.errno.ENOSPC],
  ['EAGAIN', constants.errno.EAGAIN],
  ['ESTALE', constants.errno.ESTALE],
  // EUCLEAN, which Node has no word for: what ext4 and XFS answer where they are damaged.
  ['errno 117', 117],
])('an error of the disk is told by its word, or by its number: %s', (word, errno) => {
  expect(failureAtWrite(errno)).toMatchObject({ code: word, isFull: word === 'ENOSPC' });
  expect(errorCode(unnamedError(errno))).toBe(word);
});

test('an error that is none of the system’s has its own word, or none', () => {
  expect(errorCode(Object.assign(new Error('made by the test'), { code: 'ERR_OUT_OF_RANGE' }))).toBe(
    'ERR_OUT_OF_RANGE',
  );
  expect(errorCode(new Error('made by the test'))).toBeNull();
});
