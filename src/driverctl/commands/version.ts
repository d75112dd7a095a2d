import { exitCodes } from '../exit-codes.ts';
import type { Invocation } from '../invocation.ts';
import { packageVersion } from '../version.ts';

/** `driverctl version`. Returns the exit status. */
export function showVersion({ stdout }: Invocation): number {
  stdout.write(`driverctl ${packageVersion()}\n`);
  return exitCodes.ok.status;
}
