import { policyTokens } from '../../shared/policy-tokens.ts';
import { POLICY_BRACKET_DEPTH, POLICY_IFS, POLICY_TOKENS } from './policy-limits.ts';

/** One policy's own text, from its first annotation or effect to its semicolon, and its index in the file's text. */
export interface Statement {
  readonly text: string;
  readonly start: number;
}

export interface StatementProblem {
  readonly index: number;
  readonly reason: string;
}

const OPENING: ReadonlySet<string> = new Set(['(', '[', '{']);
const CLOSING: ReadonlySet<string> = new Set([')', ']', '}']);

/**
 * Splits Cedar text into its policies, before Cedar sees it: Cedar numbers parsed policies but does not say where they
 * stand, and its parser does not survive deep nesting (see policy-limits.ts).
 *
 * @returns the policies in order (text after the last semicolon is left for Cedar to refuse), or what is over a limit
 */
export function splitStatements(text: string): readonly Statement[] | StatementProblem {
  const statements: Statement[] = [];
  let start: number | null = null;
  let tokens = 0;
  let ifs = 0;
  let depth = 0;
  for (const token of policyTokens(text)) {
    start ??= token.start;
    tokens += 1;
    if (token.kind === 'word' && token.text === 'if') ifs += 1;
    if (token.kind === 'mark' && OPENING.has(token.text)) depth += 1;
    if (token.kind === 'mark' && CLOSING.has(token.text)) depth = Math.max(0, depth - 1);
    if (tokens > POLICY_TOKENS) return over(token.start, `more than ${POLICY_TOKENS} tokens`);
    if (ifs > POLICY_IFS) return over(token.start, `more than ${POLICY_IFS} ifs`);
    if (depth > POLICY_BRACKET_DEPTH)
      return over(token.start, `more than ${POLICY_BRACKET_DEPTH} brackets deep`);
    if (token.kind !== 'mark' || token.text !== ';') continue;
    statements.push({ text: text.slice(start, token.start + 1), start });
    start = null;
    tokens = 0;
    ifs = 0;
    depth = 0;
  }
  return statements;
}

function over(index: number, limit: string): StatementProblem {
  return { index, reason: `the policy is over a limit: ${limit}` };
}
