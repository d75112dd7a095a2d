import { describe, expect, test } from 'vitest';
import { readLink } from '../../../../src/shared/audit/record.ts';
import { makeSecret, publicKeyOf } from '../../../../src/shared/audit/seals/ed25519.ts';
import { matchSeals, type SealMatch } from '../../../../src/shared/audit/seals/match-seals.ts';
import type { SealReader } from '../../../../src/shared/audit/seals/read-seals.ts';
import { parseSeal } from '../../../../src/shared/audit/seals/seal.ts';
import { followSeals } from '../../../../src/shared/audit/seals/seal-chain.ts';
import { recordLine, sealLine } from './played-log.ts';

/** Seals that a test may add to while they are read. */
function readFrom(lines: readonly string[]): SealReader {
  const chain = followSeals();
  let read = 0;
  return {
    name: 'audit-seals.jsonl',
    next() {
      const line = lines[read];
      if (line === undefined || chain.problem !== null) return null;
      read += 1;
      return chain.take(Buffer.from(line));
    },
    get last() {
      return chain.last;
    },
    get first() {
      return chain.first;
    },
    get problem() {
      return chain.problem;
    },
    get bytes() {
      return read;
    },
    rest: () => Buffer.alloc(0),
    close: () => undefined,
  };
}

/** A log in words: `seal` is sealed, `unsealed` is the record of a seal that was never made; behind `@` stands who wrote it. */
function play(words: readonly string[]): { lines: string[]; seals: string[] } {
  const lines: string[] = [];
  const seals: string[] = [];
  let secret = makeSecret();
  for (const [word = '', writer = '7'] of words.map((one) => one.split('@'))) {
    if (word !== 'seal' && word !== 'unsealed') {
      lines.push(recordLine(lines, word, {}, Number(writer)));
      continue;
    }
    const next = makeSecret();
    const facts = { epoch: seals.length + 1, next_key: publicKeyOf(next).toString('base64') };
    lines.push(recordLine(lines, 'seal', facts, Number(writer)));
    if (word === 'unsealed') continue;
    seals.push(sealLine(lines, seals, lines.length, secret, next));
    secret = next;
  }
  return { lines, seals };
}

function show(match: SealMatch, lines: readonly string[], from = 1): void {
  for (const [index, line] of lines.entries()) {
    const bytes = Buffer.from(line);
    const link = readLink(bytes);
    if (link === null) throw new Error('Cannot show a line that is no record');
    if (link.seq >= from) match.see(link, { offset: 0, bytes, terminated: true }, 'audit.jsonl', index + 1);
  }
}

function matched(lines: readonly string[], seals: readonly string[], from = 1): SealMatch {
  const match = matchSeals(readFrom(seals));
  show(match, lines, from);
  match.end(lines.length, Number.POSITIVE_INFINITY);
  return match;
}

const LOG = ['daemon-start', 'seal', 'session', 'session', 'seal', 'session', 'seal', 'session'];

describe('a log and its seals', () => {
  test('belong together where each seal is of its record', () => {
    const { lines, seals } = play(LOG);
    const match = matched(lines, seals);
    expect(match).toMatchObject({ problem: null, matched: 3, before: 0, awaited: null });
    expect(match.proven).toMatchObject({ epoch: 3, seq: 7 });
  });

  test('belong together where the log’s beginning was removed, whichever record it begins with', () => {
    const { lines, seals } = play(LOG);
    for (let from = 1; from <= lines.length; from += 1) {
      const before = [2, 5, 7].filter((seq) => seq < from).length;
      const match = matched(lines, seals, from);
      expect(match).toMatchObject({ problem: null, before, matched: 3 - before });
    }
  });

  test.each([['daemon-start'], ['recovery'], ['interrupted']])(
    'belong together where a daemon ended between record and seal, and %s tells of it (A2)',
    (event) => {
      const { lines, seals } = play([
        'daemon-start',
        'seal',
        'session',
        'unsealed',
        event,
        'seal',
        'session',
      ]);
      expect(matched(lines, seals)).toMatchObject({ problem: null, matched: 2 });
      const twice = play(['daemon-start', 'unsealed', event, 'unsealed', event, 'session', 'seal']);
      expect(matched(twice.lines, twice.seals)).toMatchObject({ problem: null, matched: 1 });
    },
  );

  test('belong together where the next daemon seals before its start is on record (A2)', () => {
    const { lines, seals } = play([
      'daemon-start',
      'seal',
      'unsealed',
      'rotation@8',
      'seal@8',
      'daemon-start@8',
    ]);
    expect(matched(lines, seals)).toMatchObject({ problem: null, matched: 2 });
  });

  test('do not where nothing tells why a seal was not made', () => {
    const { lines, seals } = play(['daemon-start', 'seal', 'session', 'unsealed', 'session', 'seal']);
    expect(matched(lines, seals).problem).toMatchObject({
      what: 'missing',
      seq: 4,
      file: 'audit.jsonl',
      line: 4,
    });
    // A start before it tells nothing of it.
    const before = play(['daemon-start', 'unsealed', 'session', 'unsealed', 'daemon-start', 'seal']);
    expect(matched(before.lines, before.seals).problem).toMatchObject({ what: 'missing', seq: 2 });
  });

  test('may end with a record whose seal is still to come, and with one epoch of them alone', () => {
    const { lines, seals } = play(['daemon-start', 'seal', 'session', 'unsealed', 'session']);
    expect(matched(lines, seals)).toMatchObject({ problem: null, awaited: 4, matched: 1 });
    const sealed = play(LOG);
    expect(matched(sealed.lines, sealed.seals.slice(0, 2))).toMatchObject({ problem: null, awaited: 7 });
    expect(matched(sealed.lines, sealed.seals.slice(0, 1)).problem).toMatchObject({
      what: 'missing',
      seq: 5,
    });
  });

  test('are read while a daemon writes: a seal that comes after its record was read counts', () => {
    const { lines, seals } = play(LOG);
    for (let late = 0; late < seals.length; late += 1) {
      const there = seals.slice(0, late);
      const match = matchSeals(readFrom(there));
      const [, second, third] = [2, 5, 7];
      const upTo = [2, second, third][late] ?? 0;
      show(match, lines.slice(0, upTo));
      there.push(...seals.slice(late));
      show(match, lines, upTo + 1);
      match.end(lines.length, 0);
      expect(match).toMatchObject({ problem: null, matched: 3, awaited: null });
    }
  });

  test('do not where the log ends before a record that was sealed by then', () => {
    const { lines, seals } = play(LOG);
    const cut = matchSeals(readFrom(seals));
    show(cut, lines.slice(0, 6));
    cut.end(6, seals.length);
    expect(cut.problem).toMatchObject({ what: 'truncated', seq: 7, file: 'audit-seals.jsonl', line: 3 });
    // Sealed after the log was read to its end.
    const grown = matchSeals(readFrom(seals));
    show(grown, lines.slice(0, 6));
    grown.end(6, 2);
    expect(grown).toMatchObject({ problem: null, matched: 2 });
  });

  test('do not where a seal is of a record of another kind', () => {
    const { lines } = play(['daemon-start', 'session']);
    const seals = [sealLine(lines, [], 2, makeSecret(), makeSecret())];
    expect(matched(lines, seals).problem).toMatchObject({
      ...{ what: 'edited', seq: 2 },
      detail: expect.stringContaining('which is not the record of that seal'),
    });
  });

  test('do not where a record names another next key than its seal', () => {
    const lines = [recordLine([], 'daemon-start', {})];
    lines.push(
      recordLine(lines, 'seal', { epoch: 1, next_key: publicKeyOf(makeSecret()).toString('base64') }),
    );
    const seals = [sealLine(lines, [], 2, makeSecret(), makeSecret())];
    expect(parseSeal(Buffer.from(seals[0] ?? ''))).not.toBeNull();
    expect(matched(lines, seals).problem).toMatchObject({ what: 'edited', seq: 2 });
  });
});
