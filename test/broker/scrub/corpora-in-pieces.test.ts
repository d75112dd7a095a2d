import { expect, test } from 'vitest';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';
import { SECRET_CORPORA, textsWithoutSecrets, textsWithSecrets } from '../../support/corpora.ts';
import { patience } from '../../support/patience.ts';
import { rounds } from '../../support/rounds.ts';

/** Most places at which a text is cut in two, spread over its length. */
const cuts = rounds('corpusCuts');
const timeout = 60_000 * patience + cuts * 1_000;
const plain = createScrubber([]);

function scrub(...chunks: readonly Uint8Array[]): Buffer {
  const stream = plain.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.write(chunk)), stream.end()]);
}

/** Texts are many: what is unlike is gathered, and one assertion is made for all. */
function textsOf(corpus: (typeof SECRET_CORPORA)[number]): readonly Buffer[] {
  const texts = [...textsWithSecrets(corpus).map(({ text }) => text), ...textsWithoutSecrets(corpus)];
  return [...new Set(texts)].map((text) => Buffer.from(text));
}

const shown = (bytes: Buffer): string => bytes.toString('latin1');

test.each(SECRET_CORPORA)(
  'every text of %s is scrubbed alike in one piece and cut in two',
  { timeout },
  (corpus) => {
    const unlike = textsOf(corpus).filter((bytes) => {
      const whole = scrub(bytes);
      const step = Math.max(1, Math.floor(bytes.length / cuts));
      for (let at = 1; at < bytes.length; at += step)
        if (!scrub(bytes.subarray(0, at), bytes.subarray(at)).equals(whole)) return true;
      return false;
    });
    expect(unlike.map(shown)).toEqual([]);
  },
);

test.each(SECRET_CORPORA)('every text of %s is scrubbed alike byte by byte', { timeout }, (corpus) => {
  const unlike = textsOf(corpus).filter(
    (bytes) => !scrub(...[...bytes].map((byte) => Uint8Array.of(byte))).equals(scrub(bytes)),
  );
  expect(unlike.map(shown)).toEqual([]);
});

test.each(SECRET_CORPORA)('every text of %s stays as it is once it is scrubbed', (corpus) => {
  const changed = textsOf(corpus)
    .map((bytes) => scrub(bytes))
    .filter((once) => !scrub(once).equals(once));
  expect(changed.map(shown)).toEqual([]);
});
