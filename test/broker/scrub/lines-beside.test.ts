import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { knownValues } from '../../../bench/scrub/texts.ts';
import { scrubLaunch } from '../../../src/broker/launch/launch-scrubber.ts';
import { findLineMatches } from '../../../src/broker/scrub/beside/line-matches.ts';
import {
  findLinesBeside,
  type LinesAnswer,
  type LinesBeside,
} from '../../../src/broker/scrub/beside/lines-beside.ts';
import type { KnownValues } from '../../../src/broker/scrub/known-values.ts';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { createScrubberOf, indexSecrets } from '../../../src/broker/scrub/scrubber.ts';
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

/** Keeps what was answered. */
function watched(beside: LinesBeside): LinesBeside & { readonly answers: readonly LinesAnswer[] } {
  const answers: LinesAnswer[] = [];
  return {
    answers,
    find(bytes) {
      const looking = beside.find(bytes);
      void looking?.then((answer) => answers.push(answer));
      return looking;
    },
  };
}

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
  const used = watched(beside);
  expect(await unlike(KNOWN, used, OUTPUTS)).toEqual([]);
  expect(used.answers.length).toBeGreaterThan(TEXTS.length / 2);
  expect(used.answers).not.toContain('lost');
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

const doing = (work: string): URL =>
  new URL(
    `data:text/javascript,import { parentPort } from 'node:worker_threads'; parentPort.postMessage({ kind: 'ready' }); ` +
      `let had = 0; parentPort.on('message', ({ number }) => { had += 1; ${work} });`,
  );
/** The first text is answered by nothing, so that others wait behind it. */
const atTheThird = (work: string): URL => doing(`if (had === 3) { ${work} }`);

const SECRET = 'password=hunter2-Xk9';
const WITH_SECRET = `${textsWithoutSecrets(LOG_CORPUS).join('\n')}\n${SECRET}\n`.repeat(4).slice(0, MUCH);

/** Lets the thread start without a text for it to look at. */
async function untilReady(beside: LinesBeside): Promise<void> {
  for (let taken: Promise<LinesAnswer> | null = null; taken === null; await wait(5))
    taken = beside.find(Buffer.alloc(MUCH, 'a line\n'));
}

test.each([
  ['throws', atTheThird('throw new Error("broken");'), true],
  ['exits', atTheThird('process.exit(0);'), true],
  [
    'runs out of memory',
    atTheThird('const all = []; for (;;) all.push({ at: [String(all.length)] });'),
    true,
  ],
  ['hangs', atTheThird('for (;;);'), true],
  ['answers nothing', doing(''), true],
  ['says that it failed', doing('parentPort.postMessage({ kind: "failed", number });'), false],
])(
  'texts whose thread %s are scrubbed as without one, each of them (invariant 10)',
  { timeout },
  async (_name, program, ends) => {
    const ended = vi.fn<(why: Error) => void>();
    const beside = watched(findLinesBeside(program, ended, 1_000));
    await untilReady(beside);
    const faults = vi.fn<(error: unknown) => void>();
    const given: readonly JsonValue[] = [WITH_SECRET, { text: WITH_SECRET }, [WITH_SECRET, WITH_SECRET]];
    const launch = scrubLaunch(createScrubberOf(KNOWN, beside), faults);
    const scrubbed = await Promise.all(given.map((value) => launch.valueInTurns(value)));
    const plain = createScrubberOf(KNOWN);
    for (const [at, value] of given.entries()) expect(scrubbed[at]).toEqual(await plain.valueInTurns(value));
    expect(JSON.stringify(scrubbed.map(({ value }) => value))).not.toContain('hunter2');
    expect(beside.answers).toEqual(['lost', 'lost', 'lost', 'lost']);
    expect([launch.hasFailed, faults.mock.calls.length]).toEqual([false, 0]);
    expect(ended).toHaveBeenCalledTimes(ends ? 1 : 0);
  },
);

test('texts with an example of each rule in one long line do not fill the thread, and cost no other text (invariant 10)', {
  timeout,
}, async () => {
  const ended = vi.fn<(why: Error) => void>();
  const beside = watched(findLinesBeside(THREAD, ended));
  await startThread(beside);
  const examples = RULES.flatMap((rule) => {
    const example = rule.examples.find((text) => text.length < 1_500 && !text.includes('\n'));
    return example === undefined ? [] : [example];
  });
  const words = 'lorem ipsum dolor sit amet ok ok '.repeat(500);
  let text = '';
  for (let at = 0; text.length < 10 * 1_048_576; at += 1)
    text += ` ${examples[at % examples.length]} ${words}`.slice(0, 16_384);
  const launch = scrubLaunch(createScrubberOf(NOBODY, beside), () => undefined);
  const texts = [text, text, text, text, text, text, WITH_SECRET];
  const scrubbed = await Promise.all(texts.map((value) => launch.valueInTurns(value)));
  const plain = createScrubberOf(NOBODY);
  expect(scrubbed[0]).toEqual(await plain.valueInTurns(text));
  expect(scrubbed[6]).toEqual(await plain.valueInTurns(WITH_SECRET));
  expect(launch.hasFailed).toBe(false);
  expect(beside.answers).not.toContain('lost');
  expect(ended).not.toHaveBeenCalled();
});

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

afterEach(() => void vi.restoreAllMocks());

test('a thread that cannot be started is told of and tried again later each time, anew after one that ended idle', {
  timeout,
}, async () => {
  const ended = vi.fn<(why: Error) => void>();
  // A worker's program comes from a file or from itself.
  const nowhere = 'http://127.0.0.1/thread.js';
  const program = new URL(nowhere);
  const beside = findLinesBeside(program, ended);
  let now = 1_000_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  const triesAt = (later: number): boolean => {
    const before = ended.mock.calls.length;
    now += later;
    expect(beside.find(Buffer.alloc(MUCH))).toBeNull();
    return ended.mock.calls.length > before;
  };
  expect(triesAt(0)).toBe(true);
  for (const pause of [1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => 1_000 * seconds))
    expect([triesAt(pause - 1), triesAt(1)]).toEqual([false, true]);
  now += 60_000;
  program.href = THREAD.href;
  await startThread(beside);
  while (threads() > 0) await wait(50);
  program.href = nowhere;
  expect(triesAt(0)).toBe(true);
  expect([triesAt(999), triesAt(1)]).toEqual([false, true]);
});

test('a thread that died is not followed by another at once', { timeout }, async () => {
  const ended = vi.fn<(why: Error) => void>();
  const beside = findLinesBeside(doing('throw new Error("broken");'), ended);
  await untilReady(beside);
  while (ended.mock.calls.length === 0) await wait(5);
  const now = performance.now();
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  while (threads() > 0) await wait(5);
  expect(beside.find(Buffer.alloc(MUCH))).toBeNull();
  expect(threads()).toBe(0);
  clock.mockImplementation(() => now + 1_000);
  await untilReady(beside);
});
