import { rmSync } from 'node:fs';
import type { Effort } from './effort.ts';
import { makeMeasuredFolder, startOn } from './measured-daemon.ts';
import { alone, type Measurement, type Question } from './measurement.ts';
import { NATIVE } from './profiles.ts';
import { openWire } from './wire.ts';

const QUESTION: Question = {
  name: 'start_to_first_reply_ms',
  what: 'start of the daemon to the first reply of a sandboxed call',
  ...{ peer_name: null, unit: 'ms', better: 'less', judged: 'ours', aim: 400 },
};

/** From the spawn of the daemon until somebody who waited for its socket has the reply to a call of a driver. */
export async function measureStart(effort: Effort): Promise<readonly Measurement[]> {
  const times: number[] = [];
  // The first start makes keys, and files come into the cache.
  for (let start = -1; start < effort.starts; start += 1) {
    const folder = makeMeasuredFolder({ profiles: { native: NATIVE } });
    const took = await startOnce(folder);
    if (start >= 0) times.push(took);
    rmSync(folder, { recursive: true, force: true });
  }
  return [alone(QUESTION, times)];
}

/** Milliseconds to the first reply of a daemon that is started on a folder. */
export async function startOnce(folder: string): Promise<number> {
  const started = performance.now();
  const daemon = await startOn(folder);
  const wire = await openWire(daemon.socket);
  await wire.call('native.copy', { text: 'x' });
  const took = performance.now() - started;
  wire.close();
  await daemon.stop();
  return took;
}
