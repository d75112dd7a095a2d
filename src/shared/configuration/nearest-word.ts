/** Words further apart than this are not meant for each other. */
const FARTHEST = 3;
/** Longer words are not compared. */
const LONGEST = 64;

/** The known word with the least edits (Levenshtein) from `word`, or null where none is near. */
export function nearestWord(word: string, known: readonly string[]): string | null {
  if (word.length > LONGEST) return null;
  let nearest: string | null = null;
  let least = FARTHEST + 1;
  for (const candidate of known) {
    const distance = editDistance(word, candidate);
    if (distance < least && distance < candidate.length) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at += 1) {
    const next = [at];
    for (let to = 1; to <= other.length; to += 1) {
      const replaced = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min((row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
