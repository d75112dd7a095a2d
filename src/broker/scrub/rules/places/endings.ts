import { type Part, parsePattern } from '../../parse-pattern.ts';

/** Words by their last characters: each character leads to what may stand before it. */
interface Endings {
  isWord: boolean;
  readonly before: Map<string, Endings>;
}

/**
 * The source of a pattern that matches words in both cases, to be looked back at: V8 tries hundreds of alternatives one
 * after the other, and from their ends few letters tell them apart.
 * @param source words, alternatives, and parts that may be left out
 * @throws Error where something of it may be repeated
 */
export function endings(source: string): string {
  const root: Endings = { isWord: false, before: new Map() };
  for (const word of wordsOf(parsePattern(source))) {
    let node = root;
    for (const character of [...word].toReversed()) {
      const next = node.before.get(character) ?? { isWord: false, before: new Map() };
      node.before.set(character, next);
      node = next;
    }
    node.isWord = true;
  }
  return sourceOf(root);
}

function sourceOf(node: Endings): string {
  // What ends with a shorter word needs no longer one.
  if (node.isWord) return '';
  return `(?:${[...node.before].map(([character, before]) => `${sourceOf(before)}${bothCases(character)}`).join('|')})`;
}

function bothCases(character: string): string {
  if (/[a-z]/i.test(character)) return `[${character.toUpperCase()}${character.toLowerCase()}]`;
  return /\w/.test(character) ? character : `\\${character}`;
}

function wordsOf(parts: readonly Part[]): string[] {
  return parts.reduce<string[]>(
    (words, part) => words.flatMap((word) => textsOf(part).map((text) => `${word}${text}`)),
    [''],
  );
}

function textsOf(part: Part): string[] {
  switch (part.kind) {
    case 'characters':
      return part.codes.map((code) => String.fromCharCode(code).toLowerCase());
    case 'choice':
      return part.choices.flatMap(wordsOf);
    case 'repeat':
      if (part.most === 1) return [...(part.least === 0 ? [''] : []), ...wordsOf(part.parts)];
  }
  throw new Error('Cannot list the words of a pattern: it has a repetition or an assertion');
}
