const MARK = /\[REDACTED:[A-Za-z0-9_.-]{1,64}\]/g;
const MARK_HERE = new RegExp(MARK, 'y');
const MARK_BEGINS = '[REDACTED:';
/** Length of the longest mark. */
const LONGEST_MARK = 76;
/** What may stand between marks in a match that hides nothing more. */
const NOTHING_MORE = /^[\s;,"']*$/;

/**
 * Whether what a rule found in a text is masked already, so that scrubbing twice is scrubbing once: there are only marks
 * in it, or it was found by the name in a mark, which promises no secret behind it. What stands within something that
 * only looks like a mark is found all the same.
 * @param keyword where what it was found by begins
 */
export function isMasked(text: string, keyword: number, start: number, end: number): boolean {
  const from = Math.max(0, keyword - LONGEST_MARK);
  const nearby = text.slice(from, end);
  if (!nearby.includes(MARK_BEGINS)) return false;
  if (NOTHING_MORE.test(text.slice(start, end).replaceAll(MARK, ''))) return true;
  const mark = nearby.lastIndexOf(MARK_BEGINS, keyword - from);
  MARK_HERE.lastIndex = mark;
  if (mark < 0 || !MARK_HERE.test(nearby)) return false;
  const markEnd = from + MARK_HERE.lastIndex;
  return keyword < markEnd && end > markEnd;
}
