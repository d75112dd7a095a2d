import { startEchoServer } from './echo-servers.ts';
import { openWire } from './wire.ts';

/** In the table. */
export const BARE_CHAIN = 'the same processes and one fdatasync with nothing to do';
/** Calls, one after the other: it takes one at a time. */
const WARM_UP = 2_000;
const PARAMS = { text: 'x' };

/** What a call of a persistent driver passes, without what is done there: bench/contenders/bare-chain.mjs. */
export interface BareChain {
  /** Resolves with milliseconds. */
  call(): Promise<number>;
  stop(): void;
}

/**
 * Starts it and keeps it busy first.
 *
 * @param folder for its socket and what it writes
 */
export async function startBareChain(folder: string): Promise<BareChain> {
  const server = await startEchoServer('bare-chain', folder);
  const wire = await openWire(server.socket);
  const call = (): Promise<number> => wire.call('say', PARAMS);
  for (let calls = 0; calls < WARM_UP; calls += 1) await call();
  return {
    call,
    stop() {
      wire.close();
      server.stop();
    },
  };
}
