import type { Budget } from '../../../../src/broker/scrub/admin/budget.ts';
import { beginCallRules } from '../../../../src/broker/scrub/admin/call-rules.ts';
import { type AdminRules, compileAdminRules } from '../../../../src/broker/scrub/admin/compile.ts';
import {
  createScrubberOf,
  indexSecrets,
  type KnownSecret,
  type Scrubber,
} from '../../../../src/broker/scrub/scrubber.ts';
import { readSettings } from '../../../../src/shared/configuration/settings.ts';
import type { Settings } from '../../../../src/shared/configuration/types.generated.ts';

/** A part of `scrub`, as an admin may write it. */
export type Given = { readonly [Part in keyof Settings['scrub']]?: readonly object[] };

/** What the settings make of it. JSON is YAML. */
export function compiled(scrub: Given): AdminRules {
  const text = `version: 1\nscrub: ${JSON.stringify(scrub)}\n`;
  const { value, fail } = readSettings('/c/driverd.yaml', Buffer.from(text));
  return compileAdminRules(value.scrub, fail);
}

/** A scrubber with these rules, and what ran out of its time. */
export function scrubberWith(
  scrub: Given,
  { known = [], budget }: { readonly known?: readonly KnownSecret[]; readonly budget?: Budget } = {},
): Scrubber & { readonly over: readonly string[] } {
  const over: string[] = [];
  const rules = beginCallRules(compiled(scrub), (id) => void over.push(id), budget);
  return { ...createScrubberOf({ ...indexSecrets(known), rules }), over };
}
