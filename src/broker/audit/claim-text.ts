import { MAXIMUM_CLAIM } from '../../boundary/messages.ts';
import { CALL_REASON_CHARACTERS } from '../../shared/call-reason.ts';
import { markOf } from '../scrub/mask.ts';
import type { Scrubber } from '../scrub/scrubber.ts';

/** Of a longer text no more is looked at, in UTF-16 units; what is on record is shorter by far. */
const LONGEST_SCRUBBED = 4_096;
const FAILED = markOf('scrubber-failed');

/** Printable ASCII of bounded length, as the boundary demands; the rest of a text is no claim. */
export function claim(text: string, longest = MAXIMUM_CLAIM): string {
  return text.slice(0, longest).replace(/[^\x20-\x7e]/g, '?');
}

/** A claim of what a caller wrote. Scrubbed before it is cut, since half a secret would not be known as one. */
export function scrubbedClaim(scrubber: Scrubber, text: string, longest = MAXIMUM_CLAIM): string {
  return claim(scrub(scrubber, text), longest);
}

/** A caller's reason; a mark may make it longer. */
export function scrubbedReason(scrubber: Scrubber, reason: string): string {
  const scrubbed = scrub(scrubber, reason);
  // Cut between characters: half of one is none that a reader sees.
  return scrubbed.length <= CALL_REASON_CHARACTERS
    ? scrubbed
    : scrubbed.slice(0, CALL_REASON_CHARACTERS).replace(/[\ud800-\udbff]$/, '');
}

/** What cannot be scrubbed is not recorded; the call is, all the same. */
function scrub(scrubber: Scrubber, text: string): string {
  try {
    return scrubber.text(text.slice(0, LONGEST_SCRUBBED)).text;
  } catch {
    return FAILED;
  }
}
