import { connectAgent } from './agent.ts';
import type { BedKind } from './bed.ts';
import { runCommand } from './commands.ts';
import type { Running } from './process.ts';

const BOOTED_WITHIN_MS = 600_000;

/** A bed that was started. */
export interface BootingBed {
  readonly kind: BedKind;
  /** Where its agent will listen. */
  readonly socket: string;
  readonly running: Running;
}

/**
 * Waits until systemd has nothing more to start.
 *
 * @throws Error with what the bed printed where it ends first, or does not come up
 */
export async function waitForBoot({ kind, socket, running }: BootingBed): Promise<void> {
  const until = performance.now() + BOOTED_WITHIN_MS;
  let how = '';
  void running.ended.then((words) => {
    how = words;
  });
  try {
    const agent = await connectAgent(socket, () => how === '' && performance.now() < until);
    // Its status is 1 where a unit failed, which is for a test to say.
    await runCommand(agent, ['systemctl', 'is-system-running', '--wait'], { timeoutMs: BOOTED_WITHIN_MS });
    agent.close();
  } catch (error) {
    const what = how === '' ? String(error) : `it ${how}`;
    throw new Error(`Cannot boot the bed "${kind}": ${what}\n${running.output()}`);
  }
}
