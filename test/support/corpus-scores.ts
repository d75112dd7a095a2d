import { createScrubber } from '../../src/broker/scrub/scrubber.ts';
import {
  type LOG_CORPUS,
  type SecretCorpus,
  textsWithoutSecrets,
  textsWithSecrets,
  toolOutputs,
} from './corpora.ts';
import { isHalfLeft, isLeft } from './left-of-secret.ts';
import { isRecoverable } from './recoverable.ts';

export interface Recall {
  readonly rows: number;
  /** Rows whose secret is masked as a whole. */
  readonly found: number;
  /** Rows of whose secret a part is masked: they are not found. */
  readonly half: number;
}

export interface Changed {
  readonly rows: number;
  readonly changed: number;
}

export interface Leaked {
  readonly planted: number;
  readonly leaked: number;
  /** Tools in whose outputs a value can still be read, with how many of them. */
  readonly tools: ReadonlyMap<string, number>;
}

const plain = createScrubber([]);
const scrub = (text: string): string => plain.text(text).text;

/** How many secrets of a corpus the rules find. */
export function recallOn(corpus: SecretCorpus): Recall {
  const rows = textsWithSecrets(corpus).map((row) => ({ ...row, scrubbed: scrub(row.text) }));
  return {
    rows: rows.length,
    found: rows.filter(({ text, secret, scrubbed }) => !isLeft(text, secret, scrubbed)).length,
    half: rows.filter(({ text, secret, scrubbed }) => isHalfLeft(text, secret, scrubbed)).length,
  };
}

/** Kinds of secrets that another project has a rule for, of which none of its own examples is found here. */
export function kindsNotFoundOf(corpus: SecretCorpus): {
  readonly kinds: number;
  readonly none: readonly string[];
} {
  const kinds = Map.groupBy(textsWithSecrets(corpus), ({ rule }) => rule);
  const none = [...kinds].filter(([, rows]) =>
    rows.every(({ text, secret }) => isLeft(text, secret, scrub(text))),
  );
  return { kinds: kinds.size, none: none.map(([kind]) => kind).sort() };
}

/** How many texts without secrets the rules change. */
export function changedIn(corpus: SecretCorpus | typeof LOG_CORPUS): Changed {
  const texts = textsWithoutSecrets(corpus);
  return { rows: texts.length, changed: texts.filter((text) => scrub(text) !== text).length };
}

/**
 * In how many outputs of tools a known value can be read after scrubbing.
 * @param stretch counts those outputs alone in which a tool made something else of the value (reversed, packed, dumped)
 */
export function leakedByTools(stretch: boolean): Leaked {
  const outputs = toolOutputs().filter((output) => (output.class === 'stretch') === stretch);
  const leaks = outputs.filter(({ text, value }) => {
    const scrubber = createScrubber([{ name: 'value', value: Buffer.from(value) }]);
    return isRecoverable(scrubber.text(text).text, value);
  });
  const tools = Map.groupBy(leaks, ({ tool }) => tool);
  return {
    planted: outputs.length,
    leaked: leaks.length,
    tools: new Map([...tools].map(([tool, rows]) => [tool, rows.length])),
  };
}
