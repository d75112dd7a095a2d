import type { JsonValue } from '../../shared/json-value.ts';
import { buildAutomaton } from './automaton.ts';
import { formsOf, type KnownSecret } from './forms.ts';
import { createScrubStream, type ScrubCounts, type ScrubStream } from './stream.ts';

export type { KnownSecret } from './forms.ts';
export type { ScrubCounts, ScrubStream } from './stream.ts';

/** No driver byte reaches a caller or a log before this has seen it (invariant 10). */
export interface Scrubber {
  stream(): ScrubStream;
  text(text: string): { readonly text: string; readonly counts: ScrubCounts };
  /** Strings and names of members; the structure survives. */
  value(value: JsonValue): { readonly value: JsonValue; readonly counts: ScrubCounts };
}

/** A member of this name is a secret, whatever stands in it. */
const SECRET_MEMBER =
  /(?:^|[_-])(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)$/i;
const SECRET_MEMBER_MARK = '[REDACTED:secret-member]';

/** @throws Error where a known value is too short to be told from ordinary text */
export function createScrubber(known: readonly KnownSecret[]): Scrubber {
  const automaton = buildAutomaton(known.flatMap(formsOf));

  function text(given: string, counts: Map<string, number>): string {
    const stream = createScrubStream(automaton);
    const bytes = Buffer.concat([stream.write(Buffer.from(given)), stream.end()]);
    if (stream.counts.size === 0) return given;
    for (const [rule, count] of stream.counts) counts.set(rule, (counts.get(rule) ?? 0) + count);
    return bytes.toString('utf8');
  }

  function value(given: JsonValue, counts: Map<string, number>): JsonValue {
    if (typeof given === 'string') return text(given, counts);
    if (typeof given !== 'object' || given === null) return given;
    if (Array.isArray(given)) return list(given, counts);
    const scrubbed: Record<string, JsonValue> = Object.create(null);
    for (const [name, member] of Object.entries(given)) {
      const isSecret = typeof member === 'string' && member !== '' && SECRET_MEMBER.test(name);
      if (isSecret && member !== SECRET_MEMBER_MARK)
        counts.set('secret-member', (counts.get('secret-member') ?? 0) + 1);
      scrubbed[text(name, counts)] = isSecret ? SECRET_MEMBER_MARK : value(member, counts);
    }
    return scrubbed;
  }

  /** Lines of one text are scrubbed as that text, since a key block goes over several of them. */
  function list(given: readonly JsonValue[], counts: Map<string, number>): JsonValue {
    if (given.length > 1 && given.every((item) => typeof item === 'string')) {
      const lines = text(given.join('\n'), counts).split('\n');
      if (lines.length === given.length) return lines;
    }
    return given.map((item) => value(item, counts));
  }

  return {
    stream: () => createScrubStream(automaton),
    text(given) {
      const counts = new Map<string, number>();
      return { text: text(given, counts), counts };
    },
    value(given) {
      const counts = new Map<string, number>();
      return { value: value(given, counts), counts };
    },
  };
}
