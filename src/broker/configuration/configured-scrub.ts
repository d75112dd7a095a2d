import type { MonitorControl } from '../../boundary/messages.ts';
import type { Settings } from '../../shared/configuration/types.generated.ts';
import type { ReadFile } from '../../shared/configuration/yaml.ts';
import { beginCallRules } from '../scrub/admin/call-rules.ts';
import { compileAdminRules } from '../scrub/admin/compile.ts';
import type { LinesBeside } from '../scrub/beside/lines-beside.ts';
import type { KnownValues } from '../scrub/known-values.ts';
import { mayHoldSecret } from '../scrub/may-hold-secret.ts';
import { createScrubberOf, indexSecrets, type Scrubber } from '../scrub/scrubber.ts';

type ValueMessage = Extract<MonitorControl, { type: 'scrub-value' }>;

/** What a configuration has scrubbed beside driverd's own rules and a driver's own secrets. */
export interface ConfiguredScrub {
  /** Values that every output is searched for, in base64. */
  readonly values: readonly { readonly name: string; readonly value: string }[];
  /** The index of these values alone. */
  readonly known: KnownValues;
  /**
   * A scrubber for one call, or for one stream that belongs to none.
   * @param known an index that holds the values too
   * @param over told the id of each rule that runs out of its time and is off from there on
   * @param beside looks at the lines of long texts
   */
  scrubber(known: KnownValues, over: (rule: string) => void, beside?: LinesBeside): Scrubber;
  /** Whether a value that was parsed from this JSON text may hold a secret: where not, it needs no scrubber. */
  mayHoldSecret(known: KnownValues, json: Uint8Array): boolean;
}

/**
 * @throws ConfigurationError for a rule or an exception that is not accepted; Error where a value is too short to be
 *   told from ordinary text
 */
export function configureScrub(
  { value: { scrub }, fail }: ReadFile<Settings>,
  messages: readonly ValueMessage[],
): ConfiguredScrub {
  const rules = compileAdminRules(scrub, fail);
  // Only asked for its keywords, which is nothing that takes of a call's time.
  const asked = beginCallRules(rules, () => undefined);
  const values = messages.map(({ name, value }) => ({ name, value }));
  return {
    values,
    known: indexSecrets(values.map(({ name, value }) => ({ name, value: Buffer.from(value, 'base64') }))),
    scrubber: (known, over, beside) =>
      createScrubberOf({ ...known, rules: beginCallRules(rules, over) }, beside),
    mayHoldSecret: (known, json) => mayHoldSecret(known, json) || asked?.hasKeyword(json) === true,
  };
}
