/**
 * What the monitor's appending thread itself tells the broker: the serials of records that stand in the log, one behind the
 * other, on a pipe of their own. So a call that waits for its record does not wait for the monitor's event loop too.
 */
const SERIAL_BYTES = 6;
export const SERIAL_MAXIMUM = 2 ** (8 * SERIAL_BYTES) - 1;

/**
 * Records of one write to the log, so that as many are told of at once: their serials are fewer bytes than PIPE_BUF, and come
 * whole or not at all (pipe(7)).
 */
export const RECORDS_TOLD_MAXIMUM = 512;
export const NOTICE_BYTES_MAXIMUM = RECORDS_TOLD_MAXIMUM * SERIAL_BYTES;

/** @param serials SERIAL_MAXIMUM at most */
export function encodeNotice(serials: readonly number[]): Buffer {
  const notice = Buffer.allocUnsafe(serials.length * SERIAL_BYTES);
  for (const [index, serial] of serials.entries())
    notice.writeUIntBE(serial, index * SERIAL_BYTES, SERIAL_BYTES);
  return notice;
}

/** Takes the pipe's bytes as they come, and calls back for each serial. */
export function createNoticeReader(onSerial: (serial: number) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + SERIAL_BYTES <= bytes.length; at += SERIAL_BYTES)
      onSerial(bytes.readUIntBE(at, SERIAL_BYTES));
    rest = bytes.subarray(at);
  };
}
