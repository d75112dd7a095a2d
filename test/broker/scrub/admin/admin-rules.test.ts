import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Budget, USUAL_BUDGET } from '../../../../src/broker/scrub/admin/budget.ts';
import type { Scrubber } from '../../../../src/broker/scrub/scrubber.ts';
import { type Given, scrubberWith } from './settings.ts';

const rules = [
  { id: 'staff', keywords: ['EMP-'], pattern: 'EMP-(?<secret>[0-9]{8})', examples: ['EMP-00471100'] },
  { id: 'vault-name', keywords: ['vault'], pattern: '(?i)vault [a-z]{3,40}' },
  { id: 'blob', keywords: ['blob='], pattern: 'blob=.*' },
];
const url = (password: string): string => `https://bob:${password}@db.example/`;
const text = (scrub: Given, given: string): string => scrubberWith(scrub).text(given).text;

function inChunks({ stream }: Scrubber, chunks: readonly Uint8Array[]): string {
  const { write, end } = stream();
  return Buffer.concat([...chunks.map(write), end()]).toString('latin1');
}

describe('a rule of an admin', () => {
  test('masks its group, or all that it matches, under its id', () => {
    const scrubber = scrubberWith({ rules });
    expect(scrubber.text('who: emp-1 EMP-12345678, Vault alpha').text).toBe(
      'who: emp-1 EMP-[REDACTED:staff], [REDACTED:vault-name]',
    );
    expect(scrubber.value({ a: ['EMP-12345678'], 'EMP-87654321': 1 }).value).toEqual({
      a: ['EMP-[REDACTED:staff]'],
      'EMP-[REDACTED:staff]': 1,
    });
    expect(Object.fromEntries(scrubber.text('EMP-12345678 EMP-12345678').counts)).toEqual({ staff: 2 });
  });

  test('masks all that it matches where its group took no part', () => {
    const either = {
      rules: [{ id: 'either', keywords: ['key'], pattern: 'key=(?<secret>[0-9]+)|key-[a-z]+' }],
    };
    expect(text(either, 'key=12 key-ab')).toBe('key=[REDACTED:either] [REDACTED:either]');
  });

  test('masks a number in JSON', () => {
    const numbers = { rules: [{ id: 'number', keywords: ['4711'], pattern: '4711[0-9]{4}' }] };
    expect(scrubberWith(numbers).value([47110815, 4711]).value).toEqual(['[REDACTED:number]', 4711]);
  });

  test('finds the same whatever the chunks, and nothing more the second time', () => {
    // What is longer than what is looked at together may be told by one mark or by several, beside each other.
    const masked = (text: string): string => text.replace(/(?:\[REDACTED:[a-z0-9-]+\])+/g, '[REDACTED]');
    const word = fc.constantFrom(
      'EMP-12345678',
      'EMP-',
      'vault ',
      'é',
      'blob=',
      'x y',
      'hunter2-hunter2',
      ` ${url('changeit')} `,
      ` ${url('changeit2')} `,
      '\n',
      '[REDACTED:staff]',
      '[REDACTED:',
    );
    const known = [{ name: 'token', value: Buffer.from('hunter2-hunter2') }];
    const fresh = (): Scrubber => scrubberWith({ rules, allow: [{ text: 'changeit' }] }, { known });
    const long = fc.integer({ min: 0, max: 30_000 }).map((length) => 'z'.repeat(length));
    const given = fc.array(fc.oneof({ weight: 9, arbitrary: word }, { weight: 1, arbitrary: long }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(given, fc.array(fc.integer({ min: 1, max: 20_000 }), { maxLength: 8 }), (words, cuts) => {
        const bytes = Buffer.from(words.join(''));
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((one, other) => one - other),
          bytes.length,
        ];
        const chunks = places.slice(1).map((to, at) => bytes.subarray(places[at], to));
        const whole = inChunks(fresh(), [bytes]);
        expect(masked(inChunks(fresh(), chunks))).toBe(masked(whole));
        expect(masked(inChunks(fresh(), [Buffer.from(whole, 'latin1')]))).toBe(masked(whole));
        expect(whole).not.toMatch(/EMP-[0-9]{8}|hunter2-hunter2|changeit2/);
      }),
      { numRuns: 150 },
    );
  });

  test('that matches more than is looked at together masks the line to its end, and no other', () => {
    const line = `a blob=${'xyz '.repeat(20_000)}`;
    expect(text({ rules }, `${line}\nnext ${'n'.repeat(40_000)}\n`)).toBe(
      `a [REDACTED:blob]\nnext ${'n'.repeat(40_000)}\n`,
    );
  });

  test('masks no mark, nor a part of one', () => {
    const broad = { rules: [{ id: 'broad', keywords: ['redacted'], pattern: '[A-Z]{4,}:?[a-z]*' }] };
    expect(text(broad, 'a [REDACTED:staff] REDACTED:x')).toBe('a [REDACTED:staff] [REDACTED:broad]');
  });

  test('leaves what has too little entropy, and its own exceptions', () => {
    const [staff] = rules;
    const wary = { rules: [{ ...staff, minimum_entropy: 1, allow: '^1234', examples: [] }] };
    expect(text(wary, 'EMP-00000000 EMP-12345678 EMP-87654321')).toBe(
      'EMP-00000000 EMP-12345678 EMP-[REDACTED:staff]',
    );
  });
});

describe('an exception', () => {
  test('leaves what a rule finds, by its text or by a pattern of the whole of it', () => {
    const allow = [{ text: 'changeit' }, { pattern: 'test-[0-9]+' }];
    for (const password of ['changeit', 'test-12'])
      expect(text({ allow }, url(password))).toBe(url(password));
    for (const password of ['changeit2', 'my-test-12', 'test-12a'])
      expect(text({ allow }, url(password))).toBe(url('[REDACTED:url-password]'));
  });

  test('goes for the rules that it names, an admin’s among them', () => {
    const given = `${url('12345678')} EMP-12345678`;
    const allow = (only: string) => ({ rules, allow: [{ text: '12345678', rules: [only] }] });
    expect(text(allow('staff'), given)).toBe(`${url('[REDACTED:url-password]')} EMP-12345678`);
    expect(text(allow('url-password'), given)).toBe(`${url('12345678')} EMP-[REDACTED:staff]`);
  });

  test('leaves a member with a secret name, and what is not ASCII', () => {
    const scrubber = scrubberWith({ allow: [{ text: 'größe' }] });
    expect(scrubber.value({ password: 'größe' }).value).toEqual({ password: 'größe' });
    expect(scrubber.text(url('größe')).text).toBe(url('größe'));
  });

  test('leaves no known value, and no private key', () => {
    const key = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----';
    const known = [{ name: 'token', value: Buffer.from('hunter2-hunter2') }];
    const scrubber = scrubberWith({ allow: [{ pattern: '.+' }] }, { known });
    expect(scrubber.text(`a hunter2-hunter2 b\n${key}`).text).toBe(
      `a [REDACTED:token] b\n${'[REDACTED:private-key]\n'.repeat(3).trim()}`,
    );
  });
});

describe('a rule that takes too long', () => {
  /** Each look at the clock takes so many milliseconds more. */
  function slow(step: number): Budget {
    let now = 0;
    return { ...USUAL_BUDGET, now: () => (now += step) };
  }

  test('has its line masked whole, is off for the rest of the call, and is told of once', () => {
    const scrubber = scrubberWith({ rules }, { budget: slow(USUAL_BUDGET.lineMilliseconds + 1) });
    const { text: masked, counts } = scrubber.text('one\nhere EMP-12345678 is\ntwo EMP-12345678\nthree');
    expect(masked).toBe('one\n[REDACTED:scrub-budget]\ntwo EMP-12345678\nthree');
    expect(Object.fromEntries(counts)).toEqual({ 'scrub-budget': 1 });
    expect(scrubber.text('four EMP-12345678').text).toBe('four EMP-12345678');
    expect(scrubber.over).toEqual(['staff']);
    // Others go on, until they take too long themselves.
    expect(scrubber.text('a vault alpha').text).toBe('[REDACTED:scrub-budget]');
    expect(scrubber.over).toEqual(['staff', 'vault-name']);
    // The next call begins anew.
    expect(scrubberWith({ rules }).text('EMP-12345678').text).toBe('EMP-[REDACTED:staff]');
  });

  test('has its line counted as that alone, whatever else stands on it', () => {
    const known = [{ name: 'token', value: Buffer.from('hunter2-hunter2') }];
    const budget = slow(USUAL_BUDGET.lineMilliseconds + 1);
    const { text: masked, counts } = scrubberWith({ rules }, { known, budget }).text(
      `hunter2-hunter2 EMP-12345678 ${url('changeit2')}\nhunter2-hunter2`,
    );
    expect(masked).toBe('[REDACTED:scrub-budget]\n[REDACTED:token]');
    expect(Object.fromEntries(counts)).toEqual({ 'scrub-budget': 1, token: 1 });
  });

  test('has the rest of a long line masked, up to its end', () => {
    const budget = slow(USUAL_BUDGET.lineMilliseconds + 1);
    const given = `EMP-12345678 ${'x '.repeat(40_000)}\nnext`;
    expect(scrubberWith({ rules }, { budget }).text(given).text).toBe('[REDACTED:scrub-budget]\nnext');
  });

  test('is also one that takes a little on each of very many lines', () => {
    const budget = { ...slow(10), callMilliseconds: 100 };
    const masked = scrubberWith({ rules }, { budget }).text('EMP-12345678\n'.repeat(20)).text.split('\n');
    const at = masked.indexOf('[REDACTED:scrub-budget]');
    expect(at).toBeGreaterThan(2);
    expect(masked.slice(0, at)).toEqual(Array.from({ length: at }, () => 'EMP-[REDACTED:staff]'));
    expect(masked.lastIndexOf('[REDACTED:scrub-budget]')).toBe(at);
  });

  test('leaves nothing where it is an exception: what was found is masked', () => {
    const allow = [{ pattern: 'changeit' }];
    const scrubber = scrubberWith({ allow }, { budget: slow(USUAL_BUDGET.lineMilliseconds + 1) });
    expect(scrubber.text(url('changeit')).text).toBe(url('[REDACTED:url-password]'));
    expect(scrubber.over).toEqual(['scrub.allow.0']);
  });

  test('is one in truth where a text is made for it, and the time stays bounded (C6)', () => {
    const rule = { id: 'square', keywords: ['aaa'], pattern: '.*x|a' };
    const scrubber = scrubberWith({ rules: [rule] });
    expect(scrubber.text(`${'a'.repeat(16_000)}\n`).text).toBe('[REDACTED:scrub-budget]\n');
    expect(scrubber.over).toEqual(['square']);
  });
});
