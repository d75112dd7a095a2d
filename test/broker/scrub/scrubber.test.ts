import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formsOf } from '../../../src/broker/scrub/forms.ts';
import { RULES } from '../../../src/broker/scrub/rules/all.ts';
import { createScrubber, type KnownSecret } from '../../../src/broker/scrub/scrubber.ts';
import { growth } from '../../support/growth.ts';

const secret = (name: string, value: string): KnownSecret => ({ name, value: Buffer.from(value) });
const known = [secret('token', 'corr&ct "horse"\' bättery/+staple')];
const plain = createScrubber([]);

function inChunks(scrubber = plain, ...chunks: Uint8Array[]): string {
  const stream = scrubber.stream();
  return Buffer.concat([...chunks.map((chunk) => stream.write(chunk)), stream.end()]).toString('utf8');
}

describe('known secrets', () => {
  const scrubber = createScrubber(known);
  const forms = known.flatMap(formsOf).map((form) => Buffer.from(form.bytes));

  test('are found in every form, for every two-way split and byte by byte (invariant 10, C3)', () => {
    for (const form of forms) {
      const whole = Buffer.concat([Buffer.from('before '), form, Buffer.from(' after\nnext line')]);
      const expected = inChunks(scrubber, whole);
      expect(expected).not.toContain(form.toString('utf8'));
      expect(expected).toContain('[REDACTED:token]');
      for (let at = 0; at <= whole.length; at += 1) {
        expect(inChunks(scrubber, whole.subarray(0, at), whole.subarray(at))).toBe(expected);
      }
      expect(inChunks(scrubber, ...[...whole].map((byte) => Uint8Array.of(byte)))).toBe(expected);
    }
  });

  test('that overlap, begin alike or hold one another are all masked (C2)', () => {
    const many = createScrubber([
      secret('a', 'abcdefgh'),
      secret('b', 'efghijkl'),
      secret('c', 'abcdefghijklmnop'),
      secret('d', 'aaaaaaaab'),
    ]);
    for (const text of ['abcdefghijkl', 'abcdefghijklmnop', 'xabcdefghx efghijkl', 'aaaaaaaaaaaab']) {
      const masked = many.text(text).text;
      for (const value of ['abcdefgh', 'efghijkl', 'aaaaaaaab']) expect(masked).not.toContain(value);
    }
  });

  test('that go over several lines are masked whole and line by line (C4)', () => {
    const lines = createScrubber([secret('file', 'first-line-of-it\nab\nlast-line-of-it\n')]);
    expect(lines.text('x first-line-of-it\nab\nlast-line-of-it\n y').text).not.toMatch(
      /first-line|last-line|ab/,
    );
    expect(lines.text('alone: last-line-of-it').text).toBe('alone: [REDACTED:file]');
  });

  test('of under 4 bytes are refused without being quoted, and of under 8 count between token borders (C5)', () => {
    expect(() => createScrubber([secret('pin', 'qzx')])).toThrow(
      'Cannot register secret pin: it is shorter than 4 bytes',
    );
    expect(() => createScrubber([secret('pin', '')])).toThrow('shorter');
    const short = createScrubber([secret('pin', 'q1z9')]);
    expect(short.text('is q1z9, not xq1z9x').text).toBe('is [REDACTED:pin], not xq1z9x');
  });

  test('are found in base64 of any text around them', () => {
    for (const before of ['', 'a', 'ab', 'abc']) {
      const encoded = Buffer.from(
        `${before}${known[0]?.value.toString()}`.length > 0
          ? Buffer.concat([Buffer.from(before), known[0]?.value ?? Buffer.alloc(0), Buffer.from('tail')])
          : '',
      ).toString('base64');
      expect(scrubber.text(encoded).text).toContain('[REDACTED:token]');
    }
  });
});

describe('patterns', () => {
  test('there are at least 20 rules, each with its own name', () => {
    expect(RULES.length).toBeGreaterThanOrEqual(20);
    expect(new Set(RULES.map((rule) => rule.id)).size).toBe(RULES.length);
  });

  test.each(RULES.map((rule) => [rule.id, rule] as const))(
    '%s masks its examples and leaves its counter-examples',
    (id, rule) => {
      for (const example of rule.examples)
        expect(plain.text(`x ${example} y`).text).toContain(`[REDACTED:${id}]`);
      for (const example of rule.counterExamples) expect(plain.text(example).text).toBe(example);
    },
  );

  test.each([
    'commit 3b18e512dba79e4c8300dd08aeb37f8e728b8dad',
    '0195a6b0-1111-7222-8333-444455556666',
    'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'sha512-abcdEFGH0123456789+/abcdEFGH0123456789==',
    'Failed password for root from 10.0.0.1 port 22 ssh2',
    'password: ',
    'Enter token:',
    '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
    'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ me@host',
  ])('leave %s as it is', (text) => {
    expect(plain.text(text).text).toBe(text);
  });

  test('a private key is masked to its END, with CRLF too, and to the end of the stream where there is none (C4)', () => {
    const begin = ['-----BEGIN OPENSSH PRIV', 'ATE KEY-----'].join('');
    const end = ['-----END OPENSSH PRIV', 'ATE KEY-----'].join('');
    const body = 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2g';
    const masked = plain.text(`a ${begin}\r\n${body}\r\n${body}\r\n${end} b\r\nafter`).text;
    expect(masked).not.toContain('b3BlbnNza');
    expect(masked).toContain('after');
    expect(plain.text(`${begin}\n${body}`).text).not.toContain('b3BlbnNza');
    expect(plain.text(`${begin}\nnot key material at all\nplain`).text).toContain('plain');
  });
});

describe('whatever comes', () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        ...RULES.flatMap((rule) => rule.examples),
        known[0]?.value.toString() ?? '',
        '\n',
        '\r\n',
        ' ',
      ),
    ),
    { maxLength: 12 },
  );

  test('chunking does not matter', () => {
    const scrubber = createScrubber(known);
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(400), { maxLength: 6 }), (parts, cuts) => {
        const bytes = Buffer.from(parts.join(' '));
        const borders = [
          0,
          ...cuts.filter((cut) => cut < bytes.length).toSorted((a, b) => a - b),
          bytes.length,
        ];
        const chunks = borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
        expect(inChunks(scrubber, ...chunks)).toBe(inChunks(scrubber, bytes));
      }),
    );
  });

  test('scrubbing twice is scrubbing once', () => {
    fc.assert(
      fc.property(pieces, (parts) => {
        const once = plain.text(parts.join(' ')).text;
        expect(plain.text(once).text).toBe(once);
      }),
    );
  });

  test('a JSON result keeps its structure, its names are scrubbed too, and it stays valid JSON (C8)', () => {
    const scrubber = createScrubber([secret('token', 'swordfish-1')]);
    const { value, counts } = scrubber.value({
      a: ['x', 'swordfish-1"'],
      'swordfish-1': 1,
      password: 'anything',
      n: null,
    });
    expect(JSON.parse(JSON.stringify(value))).toEqual({
      a: ['x', '[REDACTED:token]"'],
      '[REDACTED:token]': 1,
      password: '[REDACTED:secret-member]',
      n: null,
    });
    expect(counts.get('token')).toBe(2);
  });

  test('a mark tells nothing of the length of what it replaced (C12)', () => {
    const scrubber = createScrubber([secret('s', 'x'.repeat(200))]);
    expect(scrubber.text(`a ${'x'.repeat(200)} b`).text).toBe('a [REDACTED:s] b');
  });

  test('bytes that are not UTF-8 pass unharmed', () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x41, 0xc0, 0xaf, 0x0a, 0x80]);
    const stream = plain.stream();
    expect(Buffer.concat([stream.write(bytes), stream.end()])).toEqual(bytes);
  });

  test.each([
    ['one keyword', 'password='],
    ['spaces', ' '],
    ['one letter', 'a'],
    ['quotes', '="'],
    ['BEGIN lines', `${['-----BEGIN PRIV', 'ATE KEY-----'].join('')}\n`],
  ])('time grows with the length and not its square: %s (C6)', (_name, unit) => {
    function scrub(length: number): void {
      const bytes = Buffer.from(unit.repeat(Math.ceil(length / unit.length)));
      const pieces = Math.ceil(bytes.length / 65_536);
      inChunks(
        plain,
        ...Array.from({ length: pieces }, (_, at) => bytes.subarray(at * 65_536, (at + 1) * 65_536)),
      );
    }
    // Eight times the input would take a quadratic one 64 times as long.
    expect(growth(100_000, scrub)).toBeLessThan(24);
  });
});
