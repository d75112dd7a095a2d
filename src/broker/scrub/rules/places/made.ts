/** Joins parts at run time, so that a file with examples does not set off secret scanners. */
export function made(...parts: readonly string[]): string {
  return parts.join('');
}
