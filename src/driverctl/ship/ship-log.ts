import { Failure } from '../failure.ts';
import { createBackOff } from './back-off.ts';
import { keepProgress } from './keep-progress.ts';
import type { PositionFile } from './position-file.ts';
import { shipOver } from './ship-over.ts';
import { type Sink, type SinkConnection, SinkEnded, SinkLost } from './sink.ts';

/** What to ship, where to, and how far it has come. */
export interface Shipping {
  /** The log's file that is written to. */
  readonly path: string;
  readonly sink: Sink;
  readonly position: PositionFile;
  /** Ends it in order. */
  readonly signal: AbortSignal;
  /** Takes one line for whoever runs it. */
  readonly report: (line: string) => void;
}

/**
 * Ships a log's records, each at least once and in their order, until `signal` or until the sink will take nothing more.
 * A sink that is down is waited for, for ever. Closes the position. Throws `Failure` where the log cannot be read.
 */
export async function shipLog(shipping: Shipping): Promise<void> {
  const keeper = keepProgress(shipping.position, shipping.report);
  try {
    await shipOverAndOver(shipping, keeper);
  } finally {
    await keeper.finish();
    shipping.position.close();
  }
}

/**
 * How often the log may be unreadable before that is believed: a file that was just made may not have its readers' group's
 * permission yet.
 */
const LOG_FAILURES = 3;

type Keeper = ReturnType<typeof keepProgress>;

async function shipOverAndOver(shipping: Shipping, keeper: Keeper): Promise<void> {
  const { sink, signal, report } = shipping;
  const backOff = createBackOff();
  let told: string | null = null;
  let logFailures = 0;
  while (!signal.aborted) {
    const began = performance.now();
    let connection: SinkConnection | null = null;
    try {
      connection = await sink.connect(signal);
      await shipOver(connection, shipping, keeper.progress, (progress) => {
        if (progress.sent !== keeper.progress.sent) {
          if (told !== null) report(`Shipping to ${sink.name} again`);
          told = null;
          logFailures = 0;
        }
        keeper.update(progress);
      });
    } catch (error) {
      if (signal.aborted || error instanceof SinkEnded) return;
      if (error instanceof Failure && error.exit === 'other') {
        logFailures += 1;
        if (logFailures === LOG_FAILURES) throw error;
      } else if (error instanceof SinkLost) {
        // Once for each reason: a sink may be down for days.
        if (error.message !== told) report(`${error.message}; trying again`);
        told = error.message;
      } else throw error;
    } finally {
      connection?.abandon();
    }
    if (!signal.aborted) await backOff.wait(performance.now() - began, signal);
  }
}
