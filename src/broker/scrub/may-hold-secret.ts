import { findSecrets } from './find-secrets.ts';
import { hasKeyword } from './follow-lines.ts';
import type { KnownValues } from './known-values.ts';

/** What stands between the items of a list of strings: in JSON text the end of a line, to a value of several lines. */
const BETWEEN_ITEMS = /",[ \t\r\n]{0,64}"/g;
const BACKSLASH = 0x5c;
/** A number that is spelt in another way than it is compared: 1.25e1, 12.50. */
const NUMBER_SPELT_OTHERWISE = /\d[eE][+-]?\d|\.\d{0,16}0(?!\d)/;
/** To look for known values in a longer text would take as long as to look at what was parsed, in bytes. */
const LONGEST = 65_536;

/**
 * Whether a value that was parsed from this JSON text may hold a secret at all. An escape may hide anything; a rule
 * wants one of its keywords; a known value stands in the text as it stands in the value, but for the lines of a list and
 * the spelling of a number.
 */
export function mayHoldSecret(known: KnownValues, json: Uint8Array): boolean {
  if (json.length > LONGEST || json.includes(BACKSLASH) || hasKeyword(json)) return true;
  if (known.rules?.hasKeyword(json) === true) return true;
  // Without values to look for, a keyword is all that there could be.
  if (known.longest === 0) return false;
  const text = Buffer.from(json.buffer, json.byteOffset, json.length).toString('latin1');
  if (NUMBER_SPELT_OTHERWISE.test(text)) return true;
  return findSecrets(known, Buffer.from(text.replaceAll(BETWEEN_ITEMS, '\n'), 'latin1'), false).length > 0;
}
