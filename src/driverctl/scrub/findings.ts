import { createSecretFinder } from '../../broker/scrub/find-secrets.ts';
import { holdBytes } from '../../broker/scrub/held-bytes.ts';
import type { KnownValues } from '../../broker/scrub/known-values.ts';

/** Something that is to be masked: no byte of it stands here. */
export interface Finding {
  /** The rule's id, or the name of the value. */
  readonly rule: string;
  /** Where it begins, in bytes from the beginning of the text. */
  readonly offset: number;
  /** In bytes. */
  readonly length: number;
}

/** Tells where secrets stand in a stream, in order; the bytes that are passed on are none of its business. */
export interface Findings {
  write(chunk: Uint8Array): readonly Finding[];
  end(): readonly Finding[];
}

export function createFindings(known: KnownValues): Findings {
  const finder = createSecretFinder(known);
  const held = holdBytes();

  function look(ended: boolean): readonly Finding[] {
    const { ranges, upTo } = finder.look(held.bytes(), held.offset(), ended);
    held.drop(upTo);
    return ranges.map(({ start, end, name }) => ({ rule: name, offset: start, length: end - start }));
  }

  return {
    write(chunk) {
      held.append(chunk);
      return look(false);
    },
    end: () => look(true),
  };
}
