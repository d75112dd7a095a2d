import type { Match } from '../match.ts';
import { BUDGET_NAME } from './budget.ts';
import type { AdminRule } from './compile.ts';

const MARK = /\[REDACTED:[A-Za-z0-9_.-]{1,64}\]/g;
/** What may stand beside marks in a match that hides nothing more. */
const NOTHING_MORE = /^[\s;,"']*$/;

type Range = Pick<Match, 'start' | 'end'>;

/**
 * What one rule finds in a line, or a window of one. Where it takes too long, that is all of the text: half an answer
 * could leave the other half of the secrets.
 * @param isWithin asked after each match whether there is time left
 */
export function findByRule(rule: AdminRule, text: string, isWithin: () => boolean): readonly Match[] {
  const marks = text.includes('[REDACTED:') ? marksIn(text) : [];
  const found: Match[] = [];
  let next = 0;
  for (const range of rule.pattern.matches(text)) {
    if (!isWithin()) return allOf(text);
    if (!rule.isSecret(text.slice(range.start, range.end))) continue;
    while ((marks[next]?.end ?? text.length) <= range.start) next += 1;
    const touched: Range[] = [];
    for (let at = next; (marks[at]?.start ?? text.length) < range.end; at += 1)
      touched.push(marks[at] ?? range);
    const [first, last] = [touched[0], touched.at(-1)];
    if (first === undefined || last === undefined) found.push({ ...range, name: rule.id });
    // What is masked is not masked again, and a mark of which a part is masked would be none any more.
    else if (!NOTHING_MORE.test(beside(touched, range, text)))
      found.push({
        start: Math.min(range.start, first.start),
        end: Math.max(range.end, last.end),
        name: rule.id,
      });
  }
  return isWithin() ? found : allOf(text);
}

function allOf(text: string): readonly Match[] {
  return [{ start: 0, end: text.length, name: BUDGET_NAME }];
}

function marksIn(text: string): readonly Range[] {
  return [...text.matchAll(MARK)].map(({ 0: mark, index }) => ({ start: index, end: index + mark.length }));
}

/** What of a range stands outside of marks. */
function beside(marks: readonly Range[], { start, end }: Range, text: string): string {
  let rest = '';
  let at = start;
  for (const mark of marks) {
    rest += text.slice(at, Math.max(at, mark.start));
    at = mark.end;
  }
  return rest + text.slice(at, Math.max(at, end));
}
