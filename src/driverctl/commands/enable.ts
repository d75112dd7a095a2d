import { existsSync } from 'node:fs';
import { risksOf } from '../../shared/configuration/grant-risks.ts';
import { parseProfile } from '../../shared/configuration/profile.ts';
import { readAsks } from '../enable/asks.ts';
import {
  type ConfigurationFolder,
  openConfiguration,
  orFailure,
  readDriver,
} from '../enable/configuration-folder.ts';
import { finish } from '../enable/finish.ts';
import {
  type CommentMark,
  type FileChange,
  type GeneratedFile,
  openGenerated,
  withDigest,
  writeGenerated,
} from '../enable/generated-file.ts';
import { judgeAsks } from '../enable/grant-words.ts';
import { checkDriverName, checkProfileName } from '../enable/names.ts';
import { policyText, uncoveredMethods } from '../enable/policy-text.ts';
import { principalsOf } from '../enable/principals.ts';
import { profileText } from '../enable/profile-text.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';

/**
 * `driverctl enable NAME`: writes a profile for a driver and, with `--allow`, a policy of its own, and has the daemon
 * reload. The same words give the same files. Returns the exit status. Throws `Failure`.
 */
export async function enableDriver(invocation: Invocation): Promise<number> {
  const { options, operands } = invocation;
  const [operand] = operands;
  if (operand === undefined) throw new Failure('usage', 'Cannot enable: the driver is missing');
  const driver = checkDriverName(operand, 'enable');
  const profile = checkProfileName(options.as ?? driver, `enable ${driver}`);
  const principals = principalsOf(options.allow ?? []);

  const configuration = openConfiguration(invocation);
  const { asks: asked, methods } = readDriver(driver, configuration);
  const asks = judgeAsks(readAsks(asked), options.grant ?? [], options['accept-root']);
  if (principals.length > 0 && Object.keys(methods).length === 0)
    throw new Failure('usage', `Cannot allow anybody: ${driver} has no methods`);

  const path = configuration.profilePath(profile);
  const text = profileText(path, { profile, driver }, asks);
  const files = writeFiles(configuration, profile, driver, {
    profile: text,
    policy: principals.length === 0 ? null : policyText(profile, principals),
  });
  const uncovered = uncoveredMethods(profile, methods, principals);
  return finish(invocation, configuration, {
    profile,
    files,
    enabled: { driver, asks, uncovered, risks: risksIn(path, text) },
  });
}

function risksIn(path: string, text: string): readonly string[] {
  const { capabilities, network, user } = parseProfile(path, Buffer.from(text)).value;
  return risksOf({ capabilities, network, isRoot: user === 'root' });
}

interface Texts {
  readonly profile: string;
  /** null: nobody is allowed here, and a policy that stands stays. */
  readonly policy: string | null;
}

/** Both are looked at before one is written. */
function writeFiles(
  { profilePath, policyPath, trusted }: ConfigurationFolder,
  profile: string,
  driver: string,
  texts: Texts,
): readonly FileChange[] {
  const profileFile = openGenerated(profilePath(profile), 'write', trusted);
  refuseOtherDriver(profileFile, profile, driver);
  const policy = policyPath(profile);
  const policyFile = texts.policy === null ? null : openGenerated(policy, 'write', trusted);
  // A policy that names a driver which is not enabled is refused, so the profile comes first.
  const written = writeGenerated(profileFile, withDigest('#', about('#') + texts.profile));
  if (policyFile !== null && texts.policy !== null)
    return [written, writeGenerated(policyFile, withDigest('//', about('//') + texts.policy))];
  return existsSync(policy) ? [written, { path: policy, state: 'unchanged' }] : [written];
}

/** Whoever may call the one driver by this name would find that they may call the other. */
function refuseOtherDriver({ path, text }: GeneratedFile, profile: string, driver: string): void {
  const held = text === null ? driver : (driverOf(path, text) ?? profile);
  if (held === driver) return;
  throw new Failure(
    'other',
    `Cannot write ${path}: it enables ${held}; \`driverctl disable ${profile}\` first`,
  );
}

function driverOf(path: string, text: string): string | undefined {
  return orFailure(path, () => parseProfile(path, Buffer.from(text)).value.driver);
}

function about(mark: CommentMark): string {
  return `${mark} To change it, run \`driverctl enable\` again. Edited by hand it is yours: driverctl leaves it alone.\n`;
}
