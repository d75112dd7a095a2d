import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { knownValues } from '../../../bench/scrub/texts.ts';
import { scrubLaunch } from '../../../src/broker/launch/launch-scrubber.ts';
import { findLineMatches } from '../../../src/broker/scrub/beside/line-matches.ts';
import { findLinesBeside, type LinesBeside } from '../../../src/broker/scrub/beside/lines-beside.ts';
import type { KnownValues } from '../../../src/broker/scrub/known-values.ts';
import { createScrubberOf, indexSecrets, type Scrubber } from '../../../src/broker/scrub/scrubber.ts';
import { atOnce } from '../../../src/broker/scrub/turns.ts';
import type { JsonValue } from '../../../src/shared/json-value.ts';
import { LOG_CORPUS, SECRET_CORPORA, textsWithoutSecrets, textsWithSecrets } from '../../support/corpora.ts';
import { patience } from '../../support/patience.ts';

const THREAD = new URL('../../../src/broker/scrub/beside/thread.ts', import.meta.url);
const timeout = 60_000 * patience;
const PART = 65_536;
/** So much that the thread is worth it. */
const MUCH = 4_194_304;
const NOBODY = indexSecrets([]);
const VALUES = knownValues();
const KNOWN = indexSecrets(VALUES.map((value, at) => ({ name: `value-${at}`, value: Buffer.from(value) })));

/** What the thread does, without it. */
const HERE: LinesBeside = {
  find: (bytes) => Promise.resolve({ bytes, matches: atOnce(findLineMatches(bytes)) }),
};

/** With so much of a log between them that what is found can be told. */
function longTexts(): readonly string[] {
  const log = textsWithoutSecrets(LOG_CORPUS);
  const texts = SECRET_CORPORA.flatMap((corpus) => [
    ...textsWithSecrets(corpus).map(({ text }) => text),
    ...textsWithoutSecrets(corpus),
  ]);
  const long: string[] = [];
  let part = '';
  for (const [at, text] of texts.entries()) {
    part += `${text}${at % 7 === 0 ? ` ${VALUES[at % VALUES.length]} größe 😀` : ''}\n`;
    for (let line = 0; line < 12; line += 1) part += `${log[(12 * at + line) % log.length]}\n`;
    if (part.length < PART) continue;
    long.push(part);
    part = '';
  }
  return long;
}

async function unlike(
  known: KnownValues,
  beside: LinesBeside,
  given: readonly JsonValue[],
): Promise<number[]> {
  const [plain, other] = [createScrubberOf(known), createScrubberOf(known, beside)];
  const pairs = given.map(async (value) => [
    await plain.valueInTurns(value),
    await other.valueInTurns(value),
  ]);
  return (await Promise.all(pairs)).flatMap(([one, two], at) =>
    JSON.stringify(one?.value) === JSON.stringify(two?.value) &&
    JSON.stringify([...(one?.counts ?? [])].toSorted()) ===
      JSON.stringify([...(two?.counts ?? [])].toSorted())
      ? []
      : [at],
  );
}

/** Has the thread started, and waits until it has looked at something. */
async function startThread(beside: LinesBeside): Promise<void> {
  for (let isThere = false; !isThere; await wait(5)) {
    const looking = beside.find(Buffer.alloc(MUCH, 'a line\n'));
    isThere = looking !== null;
    await looking;
  }
}

function threads(): number {
  return readdirSync('/proc/self/task').filter((task) => {
    try {
      return readFileSync(`/proc/self/task/${task}/comm`, 'utf8') === 'scrub\n';
    } catch {
      return false;
    }
  }).length;
}

const TEXTS = longTexts();
const OUTPUTS: readonly JsonValue[] = [
  ...TEXTS,
  // One line alone, whose matches reach over the places at which it is cut.
  ...TEXTS.slice(0, 40).map((text) => text.replaceAll('\n', ' ')),
  ...TEXTS.slice(0, 40).map((text) => text.split('\n')),
  {
    text: TEXTS.slice(0, 10).join(''),
    token: TEXTS[0] ?? '',
    list: [TEXTS[1] ?? '', { env: TEXTS[2] ?? '' }],
  },
];

test.each([
  ['no values', NOBODY],
  ['values to look for', KNOWN],
])(
  'what was told of the lines of a text masks what is masked without it, with %s (invariant 10)',
  { timeout },
  async (_name, known) => {
    const told = TEXTS.map((text) => atOnce(findLineMatches(Buffer.from(text)))?.length ?? 0);
    expect(told.filter((count) => count > 10).length).toBeGreaterThan(TEXTS.length / 2);
    expect(await unlike(known, HERE, OUTPUTS)).toEqual([]);
  },
);

test('a thread tells it of many texts at once, and ends when it is idle (invariant 10)', {
  timeout,
}, async () => {
  const ended = vi.fn<(why: Error) => void>();
  const beside = findLinesBeside(THREAD, ended);
  await startThread(beside);
  expect(threads()).toBe(1);
  expect(await unlike(KNOWN, beside, OUTPUTS)).toEqual([]);
  while (threads() > 0) await wait(50);
  expect(ended).not.toHaveBeenCalled();
  expect(beside.find(Buffer.alloc(PART))).toBeNull();
  await startThread(beside);
});

test('a short text, one that comes alone, and more than there is room for are looked at where they are', {
  timeout,
}, async () => {
  const beside = findLinesBeside(THREAD, () => undefined);
  const before = threads();
  expect(beside.find(Buffer.alloc(PART, 'a'))).toBeNull();
  expect(threads()).toBe(before);
  await startThread(beside);
  expect(beside.find(Buffer.alloc(8_192, 'a'))).toBeNull();
  expect(beside.find(Buffer.alloc(2 * PART, 'a').subarray(PART))).toBeNull();
  const most = Array.from({ length: 16 }, () => beside.find(Buffer.alloc(MUCH, 'a line\n')));
  expect(most.every((looking) => looking !== null)).toBe(true);
  const beyond = Buffer.alloc(PART, 'a');
  expect(beside.find(beyond)).toBeNull();
  expect(beyond.length).toBe(PART);
  await Promise.all(most);
  expect(await beside.find(beyond)).toMatchObject({ matches: [] });
});

test('of a text with a secret everywhere nothing is told: it is scrubbed where it is (invariant 10)', {
  timeout,
}, async () => {
  const text = `password=${'hunter2-Xk9'}\n`.repeat(10_000);
  expect(atOnce(findLineMatches(Buffer.from(text)))).toBeNull();
  expect(await unlike(NOBODY, HERE, [text])).toEqual([]);
});

const broken = (work: string): URL =>
  new URL(
    `data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.postMessage({ kind: 'ready' }); ` +
      `parentPort.on('message', ({ number }) => { ${work} });`,
  );

test.each([
  ['throws', broken('throw new Error("broken");'), true],
  ['exits', broken('process.exit(0);'), true],
  ['runs out of memory', broken('const all = []; for (;;) all.push({ at: [String(all.length)] });'), true],
  ['says that it failed', broken('parentPort.postMessage({ kind: "failed", number });'), false],
])(
  'of a text whose thread %s nothing passes, and later ones are scrubbed (invariant 10)',
  { timeout },
  async (_name, program, ends) => {
    const ended = vi.fn<(why: Error) => void>();
    const beside = findLinesBeside(program, ended);
    const faults = vi.fn<(error: unknown) => void>();
    const scrubbing = (): Scrubber => scrubLaunch(createScrubberOf(NOBODY, beside), faults);
    const text = `${textsWithoutSecrets(LOG_CORPUS).join('\n')}\npassword=hunter2-Xk9\n`
      .repeat(4)
      .slice(0, MUCH);
    let launch = scrubLaunch(createScrubberOf(NOBODY, beside), faults);
    for (; !launch.hasFailed; await wait(5)) {
      launch = scrubLaunch(createScrubberOf(NOBODY, beside), faults);
      const [one, other] = await Promise.all([
        launch.valueInTurns({ text }),
        launch.valueInTurns([text, text]),
      ]);
      expect(JSON.stringify([one.value, other.value])).not.toContain('hunter2');
      if (launch.hasFailed) expect([one.value, other.value]).toContain('[REDACTED:scrubber-failed]');
    }
    expect(launch.counts.get('scrubber-failed')).toBeGreaterThan(0);
    expect(faults).toHaveBeenCalled();
    expect(ended.mock.calls.length > 0).toBe(ends);
    const short = await scrubbing().valueInTurns({ text: 'password=hunter2-Xk9' });
    expect(JSON.stringify(short.value)).not.toContain('hunter2');
  },
);

test('where no thread can be started texts are scrubbed all the same (invariant 10)', {
  timeout,
}, async () => {
  const ended = vi.fn<(why: Error) => void>();
  const beside = findLinesBeside(new URL('./no-such-program.js', import.meta.url), ended);
  while (ended.mock.calls.length === 0) {
    expect(await unlike(NOBODY, beside, [TEXTS.join('').slice(0, MUCH)])).toEqual([]);
    await wait(5);
  }
});
