/** Node shows the first 50 bytes of a buffer (`buffer.INSPECT_MAX_BYTES`). */
const SHOWN_OF_BUFFER = 50;

/** Digits alone, with colons, and as C and JavaScript list bytes; the canonical view drops blanks between them. */
export function hexForms(bytes: Buffer): string[] {
  const pairs = bytes.toString('hex').match(/../g) ?? [];
  const shown = pairs.length > SHOWN_OF_BUFFER ? [pairs.slice(0, SHOWN_OF_BUFFER).join('')] : [];
  const lower = [pairs.join(''), pairs.join(':'), ...shown];
  const listed = pairs.map((pair) => `0x${pair}`).join(', ');
  return [...lower, ...lower.map((text) => text.toUpperCase()), pairs.join(' '), listed];
}
