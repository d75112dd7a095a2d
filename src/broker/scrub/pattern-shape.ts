import { type Part, parsePattern } from './parse-pattern.ts';

/** How far a pattern reaches, in characters. */
export interface Shape {
  /** Each match has a keyword that begins at most so far behind its own beginning; Infinity where that is not certain. */
  readonly lead: number;
  /** Length of the longest match, with what it looks at behind its end. */
  readonly longest: number;
  /** How far it looks back before its beginning. */
  readonly behind: number;
  /** Each match ends where its group `secret` ends. */
  readonly endsWithSecret: boolean;
  /** No match begins behind one of these codes. */
  readonly notBehind: readonly number[];
}

/** A pattern that takes more steps than that counts as one of which nothing is certain. */
const MOST_STEPS = 2_000;
interface Steps {
  left: number;
}

/** For each next character the rest of the keywords; `ends` where one is complete. */
interface Branch {
  ends: boolean;
  readonly next: Map<number, Branch>;
}

/**
 * Measures a pattern, so that it can be tried at its keywords alone and never has to look at a whole line.
 * @param keywords in lower case
 * @throws Error where the pattern has syntax that no rule needs
 */
export function shapeOf(source: string, keywords: readonly string[]): Shape {
  const parts = parsePattern(source);
  return {
    lead: leadOf(parts, branchesOf(keywords), { left: MOST_STEPS }),
    longest: lengthOf(parts) + reachOf(parts, 'ahead'),
    behind: reachOf(parts, 'behind'),
    endsWithSecret: endsWithSecret(parts),
    notBehind: notBehind(parts),
  };
}

function branchesOf(keywords: readonly string[]): Branch {
  const root: Branch = { ends: false, next: new Map() };
  for (const keyword of keywords) {
    let branch = root;
    for (const byte of Buffer.from(keyword, 'latin1')) {
      const next = branch.next.get(byte) ?? { ends: false, next: new Map() };
      branch.next.set(byte, next);
      branch = next;
    }
    branch.ends = true;
  }
  return root;
}

/** The most characters before the keyword with which all that these parts match goes on. */
function leadOf(parts: readonly Part[], keywords: Branch, steps: Steps): number {
  if (allBegin(parts, keywords, steps)) return 0;
  const [first, ...rest] = parts;
  if (first === undefined || steps.left <= 0) return Infinity;
  if (first.kind === 'choice')
    return Math.max(...first.choices.map((choice) => leadOf([...choice, ...rest], keywords, steps)));
  if (first.kind === 'repeat' && first.most === 1) {
    const without = first.least === 0 ? leadOf(rest, keywords, steps) : 0;
    return Math.max(without, leadOf([...first.parts, ...rest], keywords, steps));
  }
  return lengthOf([first]) + leadOf(rest, keywords, steps);
}

/** Whether each text that these parts match begins with a keyword. */
function allBegin(parts: readonly Part[], keywords: Branch, steps: Steps): boolean {
  if (keywords.ends) return true;
  const [first, ...rest] = parts;
  steps.left -= 1;
  if (first === undefined || steps.left <= 0) return false;
  switch (first.kind) {
    case 'characters': {
      // More of them, in both cases, than keywords go on with: one of them is none.
      if (first.codes.length > 2 * keywords.next.size) return false;
      const folded = new Set(first.codes.map(fold));
      return [...folded].every((code) => {
        const next = keywords.next.get(code);
        return next !== undefined && allBegin(rest, next, steps);
      });
    }
    case 'choice':
      return first.choices.every((choice) => allBegin([...choice, ...rest], keywords, steps));
    case 'repeat': {
      const { parts: repeated, least, most } = first;
      if (least === 0 && !allBegin(rest, keywords, steps)) return false;
      if (most === 0) return true;
      const again: Part = { ...first, least: Math.max(0, least - 1), most: most - 1 };
      return allBegin([...repeated, again, ...rest], keywords, steps);
    }
    case 'look':
      return allBegin(rest, keywords, steps);
  }
}

export function lengthOf(parts: readonly Part[]): number {
  let length = 0;
  for (const part of parts) {
    if (part.kind === 'characters') length += 1;
    else if (part.kind === 'choice') length += Math.max(...part.choices.map(lengthOf));
    else if (part.kind === 'repeat' && part.most > 0) length += part.most * lengthOf(part.parts);
  }
  return length;
}

/** What a pattern looks back at first, and must not find there. */
function notBehind([first]: readonly Part[]): readonly number[] {
  if (first?.kind !== 'look' || first.direction !== 'behind' || !first.negated) return [];
  const choices = first.parts.flatMap((part) => (part.kind === 'choice' ? part.choices : []));
  return choices.flatMap(([only, ...more]) =>
    only?.kind === 'characters' && more.length === 0 ? only.codes : [],
  );
}

function endsWithSecret(parts: readonly Part[]): boolean {
  const last = parts.findLast(({ kind }) => kind !== 'look');
  if (last?.kind !== 'choice') return false;
  return last.name === 'secret' || last.choices.every(endsWithSecret);
}

/** How far the assertions in these parts look in that direction. */
function reachOf(parts: readonly Part[], direction: 'ahead' | 'behind'): number {
  let reach = 0;
  for (const part of parts) {
    if (part.kind === 'look' && part.direction !== 'none')
      reach = Math.max(
        reach,
        part.direction === 'both' || part.direction === direction ? lengthOf(part.parts) : 0,
        reachOf(part.parts, direction),
      );
    else if (part.kind === 'choice')
      reach = Math.max(reach, ...part.choices.map((choice) => reachOf(choice, direction)));
    else if (part.kind === 'repeat') reach = Math.max(reach, reachOf(part.parts, direction));
  }
  return reach;
}

function fold(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}
