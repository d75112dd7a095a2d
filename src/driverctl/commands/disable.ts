import { openConfiguration } from '../enable/configuration-folder.ts';
import { finish } from '../enable/finish.ts';
import { openGenerated, removeGenerated } from '../enable/generated-file.ts';
import { checkProfileName } from '../enable/names.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';

/**
 * `driverctl disable NAME`: removes what `enable` has written for a profile, and has the daemon reload.
 * Returns the exit status. Throws `Failure`.
 */
export async function disableDriver(invocation: Invocation): Promise<number> {
  const [operand] = invocation.operands;
  if (operand === undefined) throw new Failure('usage', 'Cannot disable: the profile is missing');
  const profile = checkProfileName(operand, 'disable');
  const configuration = openConfiguration(invocation);
  const { policyPath, profilePath, trusted } = configuration;
  // A policy that names a driver which is not enabled is refused, so the policy goes first. Both are looked at before.
  const files = [policyPath(profile), profilePath(profile)]
    .map((path) => openGenerated(path, 'remove', trusted))
    .map(removeGenerated);
  return finish(invocation, configuration, { profile, files });
}
