import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Writers at a played broker, each of which waits for its last record before it asks for the next. */
export interface Writers {
  readonly count: number;
  /** Whether intents are on disk before they are answered too, as those of destructive methods. */
  readonly durableIntents: boolean;
  /**
   * `calls`: all that the monitor does. `log`: each message is written as it came, by the log alone: nothing is kept of calls,
   * nothing hashed of params. `least`: by the least that a log can do (least-log.ts).
   */
  readonly through: 'calls' | 'log' | 'least';
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

export interface Measured {
  readonly records: number;
  readonly seconds: number;
  /** CPU time of each process in that time, with all its threads. */
  readonly brokerSeconds: number;
  readonly monitorSeconds: number;
}

export const logIn = (folder: string): string => join(folder, 'log/audit.jsonl');
export const stateIn = (folder: string): string => join(folder, 'state');

/** Has records written to the log in a folder, which is made there or goes on, by processes of their own. */
export async function letThemWrite(folder: string, writers: Writers): Promise<Measured> {
  const name = writers.through === 'least' ? 'least-log.ts' : 'played-monitor.ts';
  const program = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, [program, folder, JSON.stringify(writers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await text(child.stdout);
  if (said === '') throw new Error('Cannot measure: the played monitor ended early');
  return JSON.parse(said);
}
