import { RULES } from '../../src/broker/scrub/rules/all.ts';
import { createScrubber } from '../../src/broker/scrub/scrubber.ts';
import { type Figure, median } from '../pairs.ts';
import { chunksOf, knownValues, logText, repeated } from './texts.ts';

const MEGABYTE = 1_000_000;
const OUTPUT_BYTES = 10 * MEGABYTE;
/** Times are told for so many bytes. */
const UNIT_BYTES = 100_000;
/** What an issue asks for that many, in milliseconds. */
const AIM = 20;
const RUNS = 3;
/** So many of the slowest are measured again so often, since of thousands some are slow by chance. */
const AGAIN = 100;
const RUNS_AGAIN = 15;

const marker = ['-----BEGIN RSA PRIV', 'ATE KEY-----'].join('');
const token = ['gh', 'p_', 'aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY3zA5'].join('');
const invalid = Buffer.from(
  Array.from({ length: 4_093 }, (_, at) => 0x80 + ((at * 31 + at * at * 7) % 0x80)),
);

/** Texts that are made to cost time, by what stands in them. */
const OUTPUTS: readonly (readonly [name: string, make: (bytes: number) => Buffer])[] = [
  ['one keyword', (bytes) => repeated('password', bytes)],
  ['spaces', (bytes) => repeated(' ', bytes)],
  ['the letter a', (bytes) => repeated('a', bytes)],
  ['="', (bytes) => repeated('="', bytes)],
  ['BEGIN lines', (bytes) => repeated(`${marker}\n`, bytes)],
  ['one line', (bytes) => Buffer.from(logText(bytes).toString('latin1').replaceAll('\n', ' '), 'latin1')],
  ['invalid UTF-8', (bytes) => Buffer.alloc(bytes, invalid)],
  ['fake marks', (bytes) => repeated('password=[REDACTED:[REDACTED:x]] ', bytes)],
  ['opt-outs', (bytes) => repeated('password=hunter2-hunter2 # gitleaks:allow secretlint-disable\n', bytes)],
  [
    'a token without an end',
    (bytes) => Buffer.concat([Buffer.from(`token=${token}`), repeated('A1b2', bytes)]),
  ],
];

const scrubber = createScrubber(
  knownValues().map((value, at) => ({ name: `v${at}`, value: Buffer.from(value) })),
);

/** Milliseconds for each 100 KB. */
function timeOf(bytes: Buffer, runs: number = RUNS): number {
  const chunks = chunksOf(bytes);
  const times = Array.from({ length: runs }, () => {
    const started = performance.now();
    const stream = scrubber.stream();
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
    return ((performance.now() - started) * UNIT_BYTES) / bytes.length;
  });
  return Math.round(median(times) * 1_000) / 1_000;
}

/** The slowest of many texts of 100 KB, by the name of what each is made of. */
function slowest(name: string, units: readonly (readonly [name: string, text: string])[]): Figure {
  const first = units.map(([unit, text]) => ({ unit, text, time: timeOf(repeated(text, UNIT_BYTES)) }));
  const times = first
    .toSorted((one, other) => other.time - one.time)
    .slice(0, AGAIN)
    .map(({ unit, text }) => ({ unit, time: timeOf(repeated(text, UNIT_BYTES), RUNS_AGAIN) }))
    .toSorted((one, other) => other.time - one.time);
  const [worst] = times;
  const over = times.filter(({ time }) => time > AIM).length;
  return {
    ...{ name: `100 KB of ${name}, the slowest`, reached: worst?.time ?? 0, unit: 'ms', aim: AIM },
    ...{ of: `${units.length} texts`, note: `${worst?.unit ?? ''}; over ${AIM} ms: ${over}` },
  };
}

/** What texts cost that are made to cost time, for each 100 KB: ten outputs of 10 MB, and every keyword and example of a rule. */
export function timeOfHostileOutputs(): readonly Figure[] {
  const outputs = OUTPUTS.map(
    ([name, make]): Figure => ({
      ...{ name: `10 MB of ${name}, each 100 KB`, reached: timeOf(make(OUTPUT_BYTES)), unit: 'ms' },
      ...{ of: '10 MB', aim: AIM },
    }),
  );
  const keywords = [...new Set(RULES.flatMap((rule) => rule.keywords))];
  const examples = RULES.flatMap(({ id, examples: texts }) => texts.map((text) => [id, text] as const));
  return [
    ...outputs,
    slowest(
      'a keyword of a rule',
      keywords.map((word) => [word, word]),
    ),
    slowest(
      'a keyword of a rule in assignments',
      keywords.map((word) => [word, `${word} = "`]),
    ),
    slowest(
      'an example of a rule on one line',
      examples.map(([id, text]) => [id, `${text} `]),
    ),
    slowest(
      'an example of a rule in lines',
      examples.map(([id, text]) => [id, `${text}\n`]),
    ),
  ];
}
