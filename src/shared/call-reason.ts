/** Longest reason that a caller may give for a call (`_meta.reason`), in UTF-16 units. */
export const CALL_REASON_CHARACTERS = 256;

/** Control, format, private-use and unassigned characters, lone surrogates, line and paragraph separators. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;

/** What is wrong with a caller's reason, as a JSON Schema keyword; null: nothing. Every character is one that a reader sees. */
export function wrongWithReason(text: string): 'minLength' | 'maxLength' | 'format' | null {
  if (text.length === 0) return 'minLength';
  if (text.length > CALL_REASON_CHARACTERS) return 'maxLength';
  return UNSEEN.test(text) ? 'format' : null;
}
