import { Worker } from 'node:worker_threads';

/** Such a thread does one thing and keeps nothing. What Node itself was started with for the young generation goes before. */
const MEMORY = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 16, stackSizeMb: 1 };

/**
 * Starts one of the audit log's threads, without the environment and the options of this process.
 * @param program as it lies beside the program that runs
 * @param name as ps(1) shows it
 * @throws Error ERR_WORKER_INIT_FAILED where no thread could be made (pthread_create(3))
 */
export function startThread(program: URL, name: string, workerData: unknown): Worker {
  return new Worker(program, { env: {}, execArgv: [], resourceLimits: MEMORY, workerData, name });
}
