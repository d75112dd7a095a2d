import { followLog, type LogItem } from '../audit/follow-log.ts';
import { logFailure } from '../audit/log-failure.ts';
import { createFlight, type Progress } from './flight.ts';
import { logChanged, logUnreadable, noRecords, notShipped } from './notices.ts';
import { until } from './pace.ts';
import type { Shipping } from './ship-log.ts';
import { recordShipment, type Shipment } from './shipment.ts';
import { type SinkConnection, SinkLost } from './sink.ts';

/** How often the connection is looked at, also while nothing is sent. */
const LOOK_EVERY_MS = 250;
/** How long a stop waits for what is on its way; the next run sends again what was not taken. */
const STOPS_WITHIN_MS = 2_000;

/**
 * Ships over one connection, from where `from` says, until the shipping's signal. `keep` gets each progress.
 * Rejects with `SinkLost` or `SinkEnded` where the connection ends, and with `Failure` where the log cannot be read.
 */
export async function shipOver(
  connection: SinkConnection,
  { path, signal, report }: Pick<Shipping, 'path' | 'signal' | 'report'>,
  from: Progress,
  keep: (progress: Progress) => void,
): Promise<void> {
  const flight = createFlight(connection.window, from);
  const ended = new AbortController();
  const stop = AbortSignal.any([signal, ended.signal]);
  let isFirst = true;
  /** What earlier connections have sent: a record that is removed by now is no missing one. */
  let { sent } = from;
  /** Lines that are no records, since the last item that was none: one notice for all. */
  let strays = { lines: 0, bytes: 0 };

  const settle = (): void => keep(flight.settle(connection.received()));

  async function notify(notice: Shipment): Promise<void> {
    report(notice.text);
    await connection.send(notice);
  }

  async function miss(first: number, last: number): Promise<void> {
    const missing = Math.max(first, (sent?.seq ?? 0) + 1);
    if (missing > last) return;
    await notify(notShipped(missing, last));
    flight.miss(last - missing + 1);
  }

  async function change(): Promise<void> {
    sent = null;
    flight.beginAnew();
    await notify(logChanged());
  }

  async function ship(item: LogItem): Promise<void> {
    if (item.kind === 'no-record') {
      strays = { lines: strays.lines + 1, bytes: strays.bytes + item.line.length };
      return;
    }
    if (strays.lines > 0) {
      await notify(noRecords(strays.lines, strays.bytes));
      strays = { lines: 0, bytes: 0 };
    }
    if (item.kind === 'caught-up') return connection.flush();
    if (item.kind === 'gap') return miss(item.from, item.to);
    if (item.kind === 'changed') return change();
    if (item.kind === 'unreadable') return notify(logUnreadable(item.path, item.why));
    const { line, seq, event, position } = item;
    if (isFirst && from.taken === null) await miss(1, seq - 1);
    isFirst = false;
    if (sent?.seq === seq && sent.hash !== position.hash) await change();
    await connection.send(recordShipment(line, { seq, event, hash: position.hash }));
    flight.add(position, connection.sent);
  }

  function look(): void {
    try {
      connection.probe();
      settle();
    } catch (error) {
      ended.abort(error);
      connection.abandon();
    }
  }

  const looking = setInterval(look, LOOK_EVERY_MS);
  let patience: NodeJS.Timeout | undefined;
  const beginToStop = (): void => {
    patience = setTimeout(connection.abandon, STOPS_WITHIN_MS);
  };
  signal.addEventListener('abort', beginToStop, { once: true });
  try {
    for await (const item of followLog({ path, from: from.taken ?? 'start', signal: stop })) {
      await ship(item);
      if (stop.aborted) break;
    }
    ended.signal.throwIfAborted();
    await connection.flush();
    await until(() => connection.received() === connection.sent, AbortSignal.timeout(STOPS_WITHIN_MS));
    await connection.close();
  } catch (error) {
    // Where the connection was found ended, what failed for it says less.
    if (error instanceof SinkLost) ended.signal.throwIfAborted();
    throw logFailure(path, error);
  } finally {
    clearInterval(looking);
    clearTimeout(patience);
    signal.removeEventListener('abort', beginToStop);
    settle();
  }
}
