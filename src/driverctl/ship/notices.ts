import { escapeForTerminal } from '../../shared/terminal/escape.ts';
import { noticeShipment, type Shipment } from './shipment.ts';

/** Records that were gone before they could be shipped; both numbers are of missing ones. */
export function notShipped(from: number, to: number): Shipment {
  const count = to - from + 1;
  const which = count === 1 ? `record ${from} was` : `${count} records (${from} to ${to}) were`;
  return noticeShipment('not-shipped', `${which} removed from the log before being shipped`, {
    from,
    to,
    count,
  });
}

/** The numbers of the records that follow go back. */
export function logChanged(): Shipment {
  return noticeShipment(
    'log-changed',
    'the log does not go on where it was: the records that follow have numbers that others had, or come once more',
    {},
  );
}

/** Lines that are no records, one behind the other; their bytes stay in the log, for whoever looks into it. */
export function noRecords(lines: number, bytes: number): Shipment {
  const which = lines === 1 ? 'a line in the log is no record' : `${lines} lines in the log are no records`;
  return noticeShipment('no-record', `${which} (${bytes} bytes)`, { lines, bytes });
}

/** A compressed file of the log that cannot be read to its end. */
export function logUnreadable(path: string, why: string): Shipment {
  const text = `Cannot read ${escapeForTerminal(path)} to its end: ${escapeForTerminal(why)}`;
  return noticeShipment('log-unreadable', text, { path: escapeForTerminal(path) });
}
