import type { Match } from './automaton.ts';

/** Replaces matches by marks of fixed form; overlapping ones become one, under the name of the first. */
export function mask(line: string, matches: readonly Match[], count: (name: string) => void): string {
  if (matches.length === 0) return line;
  const sorted = matches.toSorted((one, other) => one.start - other.start || other.end - one.end);
  let text = '';
  let at = 0;
  let open: { end: number; name: string } | null = null;
  function close(): void {
    if (open === null) return;
    text += `[REDACTED:${open.name}]`;
    count(open.name);
    at = open.end;
    open = null;
  }
  for (const { start, end, name } of sorted) {
    if (open !== null && start < open.end) {
      open.end = Math.max(open.end, end);
      continue;
    }
    close();
    text += line.slice(at, start);
    at = start;
    open = { end, name };
  }
  close();
  return text + line.slice(at);
}
