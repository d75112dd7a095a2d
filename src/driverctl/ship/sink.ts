import type { Shipment } from './shipment.ts';

/** Where records are shipped to. */
export interface Sink {
  /** As messages call it. */
  readonly name: string;
  /** Rejects with `SinkLost` where nobody takes anything there now. */
  connect(signal: AbortSignal): Promise<SinkConnection>;
}

/** One connection to a sink. What it does not prove to have received is sent again over the next one. */
export interface SinkConnection {
  /** Bytes of what the other side has that may be lost with it: so much of what was sent last is sent again over the next. */
  readonly window: number;
  /** Bytes of all messages that were given to `send`. */
  readonly sent: number;
  /** How many of these bytes the other side is known to have; only ever more. */
  received(): number;
  /**
   * Hands one message over behind all others, and settles once there is room for the next. What is handed over may wait
   * for `flush`. Rejects with `SinkLost` or `SinkEnded`; then nothing more comes of this connection.
   */
  send(message: Shipment): Promise<void>;
  /** Lets go of what was held back so that it goes out together. Rejects as `send`. */
  flush(): Promise<void>;
  /** Throws `SinkLost` or `SinkEnded` where the other side has gone, also when nothing is sent. */
  probe(): void;
  /** Ends it in the way that tells the other side that this is the end. Never rejects. */
  close(): Promise<void>;
  /** Ends it at once: what waits in `send`, `flush` or `close` settles. */
  abandon(): void;
}

/** A connection has ended, or none was made; another attempt may do better. `message` is "Cannot <do what>: <why>". */
export class SinkLost extends Error {
  override readonly name = 'SinkLost';
}

/** The sink will take nothing more, ever: a reader of standard output that has gone. */
export class SinkEnded extends Error {
  override readonly name = 'SinkEnded';
}
