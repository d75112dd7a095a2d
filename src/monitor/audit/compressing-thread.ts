/**
 * The thread that compresses one closed segment of the audit log and ends. It has the lowest priority, behind what calls
 * wait for in this process. zlib runs on it; reading and writing go through the process's thread pool.
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
const stop = new AbortController();
parentPort?.once('message', () => stop.abort());
try {
  await compressSegment(given.path, stop.signal);
  parentPort?.postMessage(null);
} catch (error) {
  if (!(error instanceof Error)) throw error;
  parentPort?.postMessage({ message: error.message, code: errorCode(error) });
} finally {
  // Else it would wait for a word that does not come.
  parentPort?.close();
}
