import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connectClient } from '../../test/support/client.ts';
import { startTestDaemon } from '../../test/support/daemon.ts';
import { compare, type Row } from '../pairs.ts';
import { letThemWrite } from './writers.ts';

const RUNS = 7;
const WARM_UP = 1;
const MEASURED_MS = 1_000;
/** A call has an intent and an outcome; its caller waits for both, for the outcome until it is on disk. */
const RECORDS_PER_CALL = 2;

/**
 * What a caller waits for the records of its call, as a share of the whole call: one writer alone at a log of its own, and in turn
 * one caller alone at a daemon, on the same disk. A launch's own records are the monitor's, and cross no pair: they are in
 * the whole alone.
 */
export async function costOfAuditing(folder: string): Promise<readonly Row[]> {
  const alone = join(folder, 'alone');
  mkdirSync(alone);
  const daemon = await startTestDaemon();
  const client = await connectClient(daemon.socket);
  const rows: Row[] = [];
  try {
    for (const { name, method, params } of CALLS) {
      const call = async (): Promise<void> => {
        const { error } = await client.call(method, params);
        if (error !== undefined) throw new Error(`Cannot measure ${method}: ${error.message}`);
      };
      rows.push(
        await compare(
          {
            name: `audit: what a caller waits for the records of ${name}`,
            peer_name: 'the whole call',
            aim: null,
            ours: () => recordsOfOneCall(alone),
            peer: () => meanOf(call),
          },
          RUNS,
          WARM_UP,
        ),
      );
    }
  } finally {
    client.close();
    await daemon.stop();
  }
  return rows;
}

const CALLS = [
  { name: 'a sandboxed call (cat)', method: 'catter.copy', params: { text: 'x' } },
  { name: 'a call that starts nothing (rpc.status)', method: 'rpc.status', params: {} },
] as const;

async function recordsOfOneCall(folder: string): Promise<number> {
  const { records, seconds } = await letThemWrite(folder, {
    ...{ count: 1, durableIntents: false, through: 'calls', warmUpMs: MEASURED_MS, measuredMs: MEASURED_MS },
  });
  return (seconds * 1000 * RECORDS_PER_CALL) / records;
}

/** Milliseconds of one, over a second of them. */
async function meanOf(call: () => Promise<void>): Promise<number> {
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < MEASURED_MS; count += 1) await call();
  return (performance.now() - began) / count;
}
