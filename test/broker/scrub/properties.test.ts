import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { createScrubber, type KnownSecret } from '../../../src/broker/scrub/scrubber.ts';
import { cuts, mixtures, mixturesOfLines, mixturesOfWords, VALUES } from '../../support/hostile-mixtures.ts';
import { patience } from '../../support/patience.ts';
import { rounds } from '../../support/rounds.ts';

const numRuns = rounds('scrubbing');
/** For each run, in milliseconds. */
const RUN_TIMEOUT = 100;
const timeout = 60_000 * patience + numRuns * RUN_TIMEOUT;

const secret = (name: string, value: string): KnownSecret => ({ name, value: Buffer.from(value) });
const scrubber = createScrubber(VALUES.map((value, at) => secret(`v${at}`, value)));
const plain = createScrubber([]);
const MARK = /\[REDACTED:[A-Za-z0-9_.-]{1,64}\]/;

function scrub(chunks: readonly Uint8Array[], by = scrubber): Buffer {
  const stream = by.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.write(chunk)), stream.end()]);
}

/** As latin1, in which a difference of one byte shows as one of one character, and back. */
const shown = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

describe('for any mixture of secrets, encodings, line ends, colours and bytes that are no text', () => {
  test('chunking does not matter (invariant 10)', { timeout }, () => {
    fc.assert(
      fc.property(mixtures, cuts, (mixture, cut) => {
        const bytes = bytesOf(mixture);
        const whole = shown(scrub([bytes]));
        expect(shown(scrub(cut(bytes)))).toBe(whole);
        expect(shown(scrubber.bytes(bytes).bytes)).toBe(whole);
      }),
      { numRuns },
    );
  });

  test('what is scrubbed as a text is what is scrubbed as a stream', { timeout }, () => {
    fc.assert(
      fc.property(mixtures, (mixture) => {
        const text = bytesOf(mixture).toString('utf8');
        expect(scrubber.text(text).text).toBe(scrub([Buffer.from(text)]).toString('utf8'));
      }),
      { numRuns },
    );
  });

  test('scrubbing twice is scrubbing once', { timeout }, () => {
    fc.assert(
      fc.property(mixturesOfWords, (mixture) => {
        const once = scrub([bytesOf(mixture)]);
        expect(shown(scrub([once]))).toBe(shown(once));
      }),
      { numRuns },
    );
  });

  test('the value itself is never left', { timeout }, () => {
    fc.assert(
      fc.property(mixtures, cuts, (mixture, cut) => {
        const left = scrub(cut(bytesOf(mixture)));
        // The last of them is too short to be masked within a longer word.
        for (const value of VALUES.slice(0, -1)) expect(left.includes(value)).toBe(false);
      }),
      { numRuns },
    );
  });

  test('as many lines are left as there were, and those without a mark are as they were', { timeout }, () => {
    fc.assert(
      fc.property(mixturesOfLines, cuts, (mixture, cut) => {
        const given = mixture.split('\n');
        const left = shown(scrub(cut(bytesOf(mixture)), plain)).split('\n');
        expect(left.length).toBe(given.length);
        for (const [at, line] of left.entries()) if (!MARK.test(line)) expect(line).toBe(given[at]);
      }),
      { numRuns },
    );
  });
});

describe('what is no secret', () => {
  const words = [...RULES.flatMap(({ keywords }) => keywords), 'private key'];
  const hasWord = (text: string): boolean => words.some((word) => text.toLowerCase().includes(word));
  const harmless = fc
    .oneof(
      fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
      fc.string({ maxLength: 500, unit: 'binary' }).map((text) => Buffer.from(text)),
      fc.lorem({ maxCount: 60 }).map((text) => Buffer.from(text)),
      fc.uuid().map((text) => Buffer.from(`id ${text}\r\n`)),
    )
    .filter((bytes) => !hasWord(shown(bytes)));

  test('survives byte for byte, however it comes', { timeout }, () => {
    fc.assert(
      fc.property(harmless, cuts, (bytes, cut) => {
        expect(shown(scrub(cut(bytes)))).toBe(shown(bytes));
      }),
      { numRuns },
    );
  });
});

describe('an error', () => {
  test('holds nothing of a value that is refused', () => {
    const messageOf = (value: Uint8Array): string => {
      try {
        createScrubber([{ name: 'pin', value }]);
        return 'accepted';
      } catch (error) {
        return String(error);
      }
    };
    const short = fc.integer({ min: 0, max: 3 }).chain((length) => {
      const bytes = fc.uint8Array({ minLength: length, maxLength: length });
      return fc.tuple(bytes, bytes);
    });
    fc.assert(
      fc.property(short, ([one, other]) => {
        expect(messageOf(one)).toMatch(/^Error: Cannot /);
        // Whatever the value is, the words are the same.
        expect(messageOf(one)).toBe(messageOf(other));
      }),
      { numRuns },
    );
  });

  test('is thrown by no bytes at all, and by no JSON value', { timeout }, () => {
    const values = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.parse(JSON.stringify(value)));
    fc.assert(
      fc.property(values, mixtures, (value, mixture) => {
        const { value: scrubbed } = scrubber.value({ value, text: bytesOf(mixture).toString('utf8') });
        expect(JSON.parse(JSON.stringify(scrubbed))).toBeTypeOf('object');
      }),
      { numRuns },
    );
  });
});

describe('memory', () => {
  const CHUNK = 65_536;
  /** Of each text in chunks of 64 KB: so many before it is measured first, so many more before it is measured again. */
  const BEFORE = 16;
  const AFTER = 96;
  const MOST_BYTES = 2 * 1_048_576;

  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');

  /** What an array buffer holds is given back beside the collection, not in it. */
  async function memoryInUse(): Promise<number> {
    for (let round = 0; round < 3; round += 1) {
      if (typeof collect === 'function') collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  }

  test.each([
    ['spaces without a line’s end', ' '],
    ['one letter', 'a'],
    ['lines', 'a line of words\n'],
    ['a keyword', 'password='],
    ['the beginning of a key', `${['-----BEGIN PRIV', 'ATE KEY-----'].join('')}\n`],
    ['a value', VALUES[0]],
    ['the beginning of a value', VALUES[0].slice(0, 20)],
    ['base64 without an end', 'QUJD'],
    ['bytes that are no text', '\u0080\u00ff'],
  ])('does not grow with the length of a stream: %s', { timeout }, async (_name, unit) => {
    const chunk = Buffer.alloc(CHUNK, Buffer.from(unit, unit.startsWith('\u0080') ? 'latin1' : 'utf8'));
    const stream = scrubber.stream();
    for (let at = 0; at < BEFORE; at += 1) stream.write(chunk);
    const before = await memoryInUse();
    for (let at = 0; at < AFTER; at += 1) stream.write(chunk);
    expect((await memoryInUse()) - before).toBeLessThan(MOST_BYTES);
    stream.end();
  });
});
