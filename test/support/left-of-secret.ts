/** Half of a secret is as good as told; of a long one so many characters are. */
const LONGEST_PIECE = 16;
const DIGIT = /\d/;
/** What some corpora take for the secret as a whole; only the password in it is one. */
const HOLDS_PASSWORD = /:\/\/|;/;

/**
 * Whether a secret, or a piece of it, is still in a text that was scrubbed: half of it, or 16 characters of a long one.
 * What stands elsewhere in the text as well is no piece of the secret, nor is what has no digit where the secret has some:
 * corpora count names before it and fixed endings behind it in.
 */
export function isLeft(given: string, secret: string, scrubbed: string): boolean {
  return scrubbed.includes(secret) || isHalfLeft(given, secret, scrubbed);
}

/** Whether no more than a piece of it is left; not told of URLs and connection strings. */
export function isHalfLeft(given: string, secret: string, scrubbed: string): boolean {
  if (scrubbed.includes(secret) || HOLDS_PASSWORD.test(secret)) return false;
  const length = Math.min(LONGEST_PIECE, Math.ceil(secret.length / 2));
  const elsewhere = given.replaceAll(secret, '\0');
  for (let at = 0; at + length <= secret.length; at += 1) {
    const piece = secret.slice(at, at + length);
    if (DIGIT.test(secret) && !DIGIT.test(piece)) continue;
    if (scrubbed.includes(piece) && occurrences(scrubbed, piece) > occurrences(elsewhere, piece)) return true;
  }
  return false;
}

function occurrences(text: string, piece: string): number {
  return text.split(piece).length - 1;
}
