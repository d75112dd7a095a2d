import { auditLogPath, stateFolder } from '../audit/places.ts';
import { type Reload, reloadDaemon } from '../daemon/reload.ts';
import { openConfiguration } from '../enable/configuration-folder.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';

/**
 * `driverctl reload`: has the daemon read its configuration anew and waits for what comes of it. Returns the exit status.
 * @throws Failure (other) where the new configuration does not run, or that is not known
 */
export async function reloadConfiguration(invocation: Invocation): Promise<number> {
  const reload = await reloadDaemon(stateFolder(invocation), logOf(invocation));
  const why = whyNot(reload);
  if (why !== null) throw new Failure('other', `Cannot reload: ${why}`);
  printReport(invocation, { json: { state: reload.state }, human: () => 'The daemon has reloaded.\n' });
  return exitCodes.ok.status;
}

/** As for the other commands, or where the settings say; broken ones are the daemon's to refuse. */
function logOf(invocation: Invocation): string {
  const { options, environment } = invocation;
  if (options.log !== undefined || environment['DRIVERD_LOG']) return auditLogPath(invocation);
  try {
    return openConfiguration(invocation).settings.audit.path;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return auditLogPath(invocation);
  }
}

function whyNot(reload: Reload): string | null {
  switch (reload.state) {
    case 'reloaded':
      return null;
    case 'no daemon runs':
      return 'no daemon runs on this state folder';
    case 'asked':
      return `the daemon was asked, and what came of it is not known: ${reload.why}`;
    case 'refused':
      return `the daemon keeps what it had: ${reload.why}`;
    case 'not asked':
      return `the daemon cannot be asked: ${reload.why}`;
  }
}
