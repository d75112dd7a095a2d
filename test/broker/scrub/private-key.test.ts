import { describe, expect, test } from 'vitest';
import { createScrubber } from '../../../src/broker/scrub/scrubber.ts';
import { growth } from '../../support/growth.ts';

const plain = createScrubber([]);
/** Joined at run time, so that this file does not set off secret scanners. */
const begin = (label: string): string => ['-----BEGIN ', label, '-----'].join('');
const end = (label: string): string => ['-----END ', label, '-----'].join('');
const PRIVATE = ['PRIVATE', 'KEY'].join(' ');
const BEGIN = begin(PRIVATE);
const END = end(PRIVATE);
const MARK = '[REDACTED:private-key]';
const scrub = (text: string): string => plain.text(text).text;
const LINES = [
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj',
  'MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu',
  'NMoSfm76oqFvAp8Gy0iz5sxjZmSnXyCdPEovGhLa0VzMaQ8s+CLOyS56YyCFGeJZ',
  'qgtzJ6GR3eqoYSW9b9UMvkBpZODSctWSNGj3P7jRFDO5VoTwCQAWbFnOjDfH5Ulg',
  'p2PKSQnSJP3AJLQNFNe7br1XbrhV==',
];

describe.each([
  ['PKCS #8', PRIVATE],
  ['RSA', `RSA ${PRIVATE}`],
  ['EC', `EC ${PRIVATE}`],
  ['DSA', `DSA ${PRIVATE}`],
  ['encrypted', `ENCRYPTED ${PRIVATE}`],
  ['OpenSSH', `OPENSSH ${PRIVATE}`],
  ['OpenPGP', `PGP ${PRIVATE} BLOCK`],
])('a private key (%s)', (_name, label) => {
  const block = [begin(label), ...LINES, end(label)];

  test.each([
    ['as a file', ''],
    ['behind a timestamp', '2026-11-22T04:00:01.123Z '],
    ['behind what git says of the other side', 'remote: '],
    ['behind a service of docker compose', 'web-1  | '],
    ['behind a quotation mark', '> '],
    ['behind a bar', '  | '],
    ['behind syslog', 'Nov 22 04:00:01 host app[123]: '],
    ['behind the name of a file', 'deploy/key.pem:'],
    ['behind a plus of a diff', '+'],
    ['in YAML', '    '],
    ['as colours show it', '\x1b[32m'],
  ])('%s is masked line by line', (_how, prefix) => {
    for (const lineEnd of ['\n', '\r\n']) {
      const given = ['before', ...block.map((line) => prefix + line), 'after that'].join(lineEnd);
      const left = scrub(given);
      expect(left).not.toMatch(/[A-Za-z0-9+/=]{20}/);
      expect(left.split('\n')).toHaveLength(given.split('\n').length);
      expect(left.startsWith(`before${lineEnd}${prefix}${MARK}`)).toBe(true);
      expect(left.endsWith('\nafter that')).toBe(true);
    }
  });

  test.each([
    ['escaped line ends', '\\n'],
    ['line ends that are escaped twice', '\\\\n'],
    ['escaped line ends of Windows', '\\r\\n'],
    ['spaces for line ends', ' '],
    ['no line ends', ''],
  ])('with %s is masked as one', (_how, lineEnd) => {
    const given = `{"key":"${block.join(lineEnd)}${lineEnd}","kind":"x"}`;
    expect(scrub(given)).toBe(`{"key":"${MARK}${lineEnd}","kind":"x"}`);
  });

  test.each([
    ['of JSON', (line: string) => `    "${line}",`],
    ['of a program with line ends', (line: string) => `  "${line}\\n" +`],
    ['of a program in single quotes', (line: string) => `  '${line}\\n'.`],
    ['of a shell that goes on', (line: string) => `${line}\\`],
  ])('in lines %s is masked', (_how, quote) => {
    const left = scrub(`before\n${block.map(quote).join('\n')}\nafter that`);
    expect(left).not.toMatch(/[A-Za-z0-9+/=]{20}/);
    expect(left).toMatch(/^before\n/);
    expect(left).toMatch(/\nafter that$/);
  });

  test('of which the end is missing is masked to the first line that is none of it, or the end', () => {
    const head = block.slice(0, 4);
    const marks = head.map(() => MARK).join('\n');
    expect(scrub(head.join('\n'))).toBe(marks);
    for (const next of [
      'plain text here',
      'exit status 1',
      '$ ls -l',
      'total 12',
      '[REDACTED:x] is a mark',
      '{"a":1}',
      '',
    ]) {
      const after = `${next}\nthis is said in plain words`;
      expect(scrub(`${head.join('\n')}\n${after}`)).toBe(`${marks}\n${after}`);
    }
  });

  test('is masked the same in any two pieces, and byte by byte', () => {
    const text = `a ${block.join('\r\n')} b\r\nremote: ${block.join('\r\nremote: ')}\nafter`;
    const bytes = Buffer.from(text);
    const expected = scrub(text);
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
    const inPieces = (...chunks: Uint8Array[]): string => {
      const stream = plain.stream();
      return Buffer.concat([...chunks.map((chunk) => stream.write(chunk)), stream.end()]).toString();
    };
    expect(inPieces(...pieces)).toBe(expected);
    for (let at = 0; at < bytes.length; at += 7)
      expect(inPieces(bytes.subarray(0, at), bytes.subarray(at))).toBe(expected);
  });

  test('is followed by a certificate that survives', () => {
    const certificate = [begin('CERTIFICATE'), ...LINES, end('CERTIFICATE')].join('\n');
    const marks = block.map(() => MARK).join('\n');
    expect(scrub(`${block.join('\n')}\n${certificate}\n`)).toBe(`${marks}\n${certificate}\n`);
    expect(scrub(`${block.join('\n')}${certificate}\n`)).toBe(`${marks}${certificate}\n`);
    // Where the end of the key is missing too.
    expect(scrub(`${block.slice(0, -1).join('\n')}\n${certificate}\n`)).toBe(
      `${marks.slice(MARK.length + 1)}\n${certificate}\n`,
    );
    const oneLine = `${block.join('\\n')}\\n${certificate.replaceAll('\n', '\\n')}`;
    expect(scrub(oneLine)).toBe(`${MARK}\\n${certificate.replaceAll('\n', '\\n')}`);
  });
});

describe('headers within a private key', () => {
  test.each([
    ['of an encrypted one', ['Proc-Type: 4,ENCRYPTED', 'DEK-Info: AES-128-CBC,7F1D0B6A3C', '']],
    ['of OpenPGP', ['Version: GnuPG v2', 'Comment: of the machine', '']],
    ['of SSH2', ['Subject: me', 'Comment: "1024-bit rsa, created by me"']],
  ])('%s are masked with it', (_name, headers) => {
    for (const prefix of ['', 'remote: ', 'web-1  | ']) {
      const block = [BEGIN, ...headers, ...LINES, END].map((line) => prefix + line);
      const left = scrub(`${block.join('\n')}\nStatus: done`);
      expect(left).not.toMatch(/[A-Za-z0-9+/=]{20}|ENCRYPTED|Comment/);
      expect(left).toMatch(/\nStatus: done$/);
    }
  });

  test('stand before its body alone', () => {
    expect(scrub([BEGIN, ...LINES, 'Status: done', 'Level: info'].join('\n'))).toMatch(
      /\nStatus: done\nLevel: info$/,
    );
  });
});

test('a private key of SSH2 is masked', () => {
  const [first, last] = ['BEGIN', 'END'].map((kind) =>
    ['----', kind, 'SSH2 ENCRYPTED', PRIVATE, '----'].join(' '),
  );
  expect(scrub(['x', first, 'Comment: "x"', ...LINES, last, 'after'].join('\n'))).toBe(
    ['x', ...Array.from({ length: LINES.length + 3 }, () => MARK), 'after'].join('\n'),
  );
});

test.each(['Private-MAC', 'Private-Hash'])('of a key of PuTTY the private part is masked (%s)', (mac) => {
  const head = ['PuTTY-User-Key-File-3: ssh-ed25519', 'Encryption: none', 'Comment: me', 'Public-Lines: 2'];
  const shown = [...head, 'AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS', 'wAdT'];
  const hidden = [
    'Private-Lines: 1',
    'AAAAIEmKSENjQEezOmxkZMy7opKgwFB9nkt5YRrYMjNu',
    `${mac}: ${'0a'.repeat(32)}`,
  ];
  expect(scrub([...shown, ...hidden, 'after'].join('\n'))).toBe(
    [...shown, MARK, MARK, MARK, 'after'].join('\n'),
  );
  expect(scrub(`"${[...shown, ...hidden].join('\\n')}", 1`)).toBe(`"${shown.join('\\n')}\\n${MARK}", 1`);
});

test.each(['%20', '+'])('a private key in a form (%s for spaces) is masked', (space) => {
  const given = [BEGIN, ...LINES, END].join('\r\n').replaceAll(' ', space).replaceAll('\r\n', '%0D%0A');
  expect(scrub(`key=${given}&x=1`)).toBe(`key=${MARK}&x=1`);
});

test('a marker in which a tool has coloured what it found begins a private key', () => {
  const coloured = begin('RSA \x1b[01;31m\x1b[KPRIVATE KEY\x1b[m\x1b[K');
  expect(scrub([coloured, ...LINES, 'that was it'].join('\n'))).toBe(
    [...[coloured, ...LINES].map(() => MARK), 'that was it'].join('\n'),
  );
});

test('a private key on a line that is longer than what is held is masked to its end, and to no line behind it', () => {
  for (const ended of [true, false]) {
    const key = `${BEGIN}${`\\n${LINES[0]}`.repeat(2_000)}${ended ? `\\n${END}` : ''}`;
    const stream = plain.stream();
    const bytes = Buffer.from(`head ${key}${ended ? '", "x": 1' : ''}\nafter that`);
    const pieces = Array.from({ length: Math.ceil(bytes.length / 999) }, (_, at) =>
      stream.write(bytes.subarray(at * 999, (at + 1) * 999)),
    );
    const left = Buffer.concat([...pieces, stream.end()]).toString();
    expect(left).toBe(`head ${MARK}${ended ? '", "x": 1' : ''}\nafter that`);
  }
});

test.each([
  'CERTIFICATE',
  'TRUSTED CERTIFICATE',
  'CERTIFICATE REQUEST',
  'NEW CERTIFICATE REQUEST',
  'PUBLIC KEY',
  'RSA PUBLIC KEY',
  'PGP PUBLIC KEY BLOCK',
  'PGP MESSAGE',
  'PGP SIGNATURE',
  'X509 CRL',
  'DH PARAMETERS',
])('a block of %s survives', (label) => {
  const block = [begin(label), ...LINES, end(label)].join('\n');
  for (const text of [block, block.replaceAll('\n', '\\n'), `${BEGIN}\n${END}\n${block}`])
    expect(scrub(text).endsWith(text.slice(text.indexOf(begin(label))))).toBe(true);
});

test.each([
  ['escaped line ends', '', '\\r', '!'],
  ['base64', '', 'AA', '!'],
  ['spaces after a header', 'a: ', '  ', '\ry'],
  ['runs of base64', '', `${'A'.repeat(15)} `, '!'],
  ['dashes', '', '----- ', 'x'],
  ['words of a label', '-----BEGIN ', 'AAAA ', 'x'],
  ['colours', '', '\x1b[1m', 'x'],
])('a line after BEGIN is judged in time that grows with its length: %s (C6)', (_name, head, unit, last) => {
  const ratio = growth(100, (units) => {
    for (let run = 0; run < 20; run += 1) scrub(`${BEGIN}\n${head}${unit.repeat(units)}${last}\n`);
  });
  expect(ratio).toBeLessThan(20);
});

test.each([
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  'Proc-Type: 4,ENCRYPTED',
  'ab==',
  '2026-01-02 host: MIIEvQIBADANBgkqhkiG',
  '"MIIEvQIBADANBgkqhkiG9w0BAQEF\\r\\n",',
])('a line of a key block stays within it: %s', (line) => {
  expect(scrub(`${BEGIN}\n${line}\nMIIEvQIBADANBgkqhkiG\nplain text here`)).toBe(
    `${MARK}\n${MARK}\n${MARK}\nplain text here`,
  );
});
