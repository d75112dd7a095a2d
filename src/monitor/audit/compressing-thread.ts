/**
 * The thread that compresses one closed segment of the audit log and ends. It has the lowest priority: whoever waits for a
 * call goes before, and compressing takes what of the processors is left.
 *
 * It trusts the monitor, which started it. It reads nothing that anybody wrote but as bytes.
 */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { compressSegment } from './compression.ts';
import { errorCode } from './unavailable.ts';

const given: { readonly path: string } = workerData;
// Of this thread alone: Linux has a nice value for each (setpriority(2), "C library/kernel differences").
setPriority(constants.priority.PRIORITY_LOW);
try {
  // Who wants it to end ends the thread.
  await compressSegment(given.path, new AbortController().signal);
  parentPort?.postMessage(null);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  parentPort?.postMessage({ message: error.message, code: errorCode(error) });
}
