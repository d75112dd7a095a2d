import { createPatternFinder } from '../../src/broker/scrub/find-patterns.ts';
import { createKeywords } from '../../src/broker/scrub/keywords.ts';
import type { Rule } from '../../src/broker/scrub/rules/rule.ts';

/** What one rule alone finds in a line, as the scrubber tries it: at its keywords. */
export function matchesOfRule(rule: Rule, line: string): string[] {
  const finder = createPatternFinder([rule], []);
  const part = { text: line, offset: 0, accepted: null };
  const found: string[] = [];
  const report = ({ start, end }: { start: number; end: number }): void =>
    void found.push(line.slice(start, end));
  finder.begin(part, report);
  createKeywords(rule.keywords).all(Buffer.from(line, 'latin1'), 0, line.length, (_keyword, at) => {
    finder.tryAt(part, at, [0], report);
  });
  finder.finish(part, report);
  return found;
}
