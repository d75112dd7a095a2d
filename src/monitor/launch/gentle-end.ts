import type { LaunchEnd } from '../../boundary/launch-words.ts';
import type { Sandbox } from './start-sandbox.ts';

/** A launch that was not seen dead yet. */
export interface AliveLaunch {
  readonly profile: string;
  readonly sandbox: Sandbox;
  /** Why it is to end; `exit`: by itself. */
  end: LaunchEnd;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** Runs out at the end of the grace. */
  graceTimer: NodeJS.Timeout | undefined;
}

/**
 * SIGTERM to a launch's driver, and SIGKILL to all of it when its grace is over, whoever is alive by then to ask for it. One
 * that is to end already is left as it is.
 * @param failed is told why the signal could not be sent; it is killed then
 */
export function endGently(launch: AliveLaunch, failed: (why: string) => void): void {
  if (launch.end !== 'exit') return;
  launch.end = 'asked';
  if (launch.graceMs === 0) return launch.sandbox.kill();
  launch.graceTimer = setTimeout(launch.sandbox.kill, launch.graceMs);
  try {
    launch.sandbox.terminate();
  } catch (error) {
    // There was no descriptor left for a handle, say.
    failed(error instanceof Error ? error.message : 'it could not be terminated');
    launch.sandbox.kill();
  }
}
