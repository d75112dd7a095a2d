import { nearestWord } from '../../shared/configuration/nearest-word.ts';
import type { JsonObject } from '../../shared/json-value.ts';
import { Failure } from '../failure.ts';
import type { Ask } from './asks.ts';

const SECRET = 'secret:';
const ROOT = 'user:root';

/** What becomes of one ask. */
export interface JudgedAsk {
  readonly word: string;
  readonly granted: boolean;
  /** What to say after `--grant` to have it granted. */
  readonly grantWord: string;
  /** What the profile holds for it, the file of a secret included. */
  readonly part: JsonObject;
}

/**
 * Which asks are granted: those within the default sandbox, read paths, and those that a word repeats.
 * @param words the values of `--grant`; a secret's is `secret:NAME=/path/to/file`
 * @param acceptRoot the value of `--accept-root`, which `user:root` needs
 * @throws Failure (usage) for a word that nothing asks for, a secret without a file or with two, root without a reason
 */
export function judgeAsks(
  asks: readonly Ask[],
  words: readonly string[],
  acceptRoot: string | undefined,
): readonly JudgedAsk[] {
  refuseHalfRoot(words, acceptRoot);
  const granted = new Map<string, string | null>();
  for (const given of new Set(words)) {
    const { word, file } = splitSecret(given);
    refuseUnasked(word, asks);
    if (word.startsWith(SECRET) && file === null)
      throw refusal(given, `it needs the file that holds it: ${word}=/path/to/file`);
    if (granted.has(word)) throw refusal(given, 'the same secret is granted from another file already');
    granted.set(word, file);
  }
  return asks.map(({ word, isWide, part }) => ({
    word,
    granted: !isWide || granted.has(word),
    grantWord: word.startsWith(SECRET) ? `${word}=/path/to/file` : word,
    part:
      word === ROOT ? { ...part, accept_root: acceptRoot ?? '' } : withFile(part, granted.get(word) ?? null),
  }));
}

/** Root is two words, so that neither is there by accident. */
function refuseHalfRoot(words: readonly string[], acceptRoot: string | undefined): void {
  if (words.includes(ROOT) && acceptRoot === undefined)
    throw refusal(ROOT, 'it needs --accept-root "WHY", the reason that stands in the record of each launch');
  if (!words.includes(ROOT) && acceptRoot !== undefined)
    throw new Failure('usage', `Cannot accept root: nothing grants it; it goes with --grant ${ROOT}`);
}

/** The word and, of a secret, its file. Only there `=` is no part of the word: a path may hold one. */
function splitSecret(given: string): { word: string; file: string | null } {
  const at = given.indexOf('=');
  if (!given.startsWith(SECRET) || at === -1) return { word: given, file: null };
  return { word: given.slice(0, at), file: given.slice(at + 1) };
}

function refuseUnasked(word: string, asks: readonly Ask[]): void {
  const asked = asks.map((ask) => ask.word);
  if (asked.includes(word)) return;
  const nearest = nearestWord(word, asked);
  const wide = asks.filter((ask) => ask.isWide).map((ask) => ask.word);
  const list =
    wide.length === 0 ? 'it asks for nothing that needs a grant' : `it asks for ${wide.join(', ')}`;
  throw refusal(
    word,
    `the driver does not ask for it; ${nearest === null ? list : `did you mean ${nearest}?`}`,
  );
}

function withFile(part: JsonObject, file: string | null): JsonObject {
  const { secrets } = part;
  if (file === null || !Array.isArray(secrets)) return part;
  return { secrets: secrets.map((secret) => ({ ...secret, file })) };
}

function refusal(word: string, why: string): Failure {
  return new Failure('usage', `Cannot grant ${word}: ${why}`);
}
