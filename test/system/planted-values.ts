import { inspect } from 'node:util';
import { RULES } from '../../src/broker/scrub/rules/all.ts';

/** Secrets that a driver is given, of the kinds that hosts have. Each is at least 8 bytes long. */
export const PLANTED_VALUES: Readonly<Record<string, string>> = {
  word: 'tr0ub4dor-and-3-more-words',
  random: 'Zq8LxT2vB7nWk4Rd9sYh3JmPc6Fg1Xe5',
  signs: `p@ss w"o'r\\d$%&<>+/=?#!{}[]|~^;:,.`,
  letters: 'Zugangsschlüssel-für-Größe-№7-日本',
  number: '482957103846',
  lines: ['first-line-of-a-key-0123', 'second-line-of-a-key-4567+/', 'third-line-of-a-key-89ab=='].join('\n'),
  long: Array.from({ length: 40 }, (_, at) => (at * 7_919 + 104_729).toString(36)).join('x'),
  base64: 'q3Xv+9/Zp0mKfT7yBw1eRuL5aHdN2oGcJ8sVi4tUxk6=',
  url: 'https://user:pa55-w0rd-of-it@db.example:5432/x?key=a%20b&c=d',
  document: '{"user": "app", "note": "a \\"quoted\\" word", "n": [1, 2]}',
};

/** A form in which tools print a value. */
export interface PlantedForm {
  readonly name: string;
  print(value: string): string;
}

const bytesOf = (value: string): Buffer => Buffer.from(value);
const escaped = (value: string, keep: RegExp, print: (byte: number) => string): string =>
  [...bytesOf(value)]
    .map((byte) => (keep.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : print(byte)))
    .join('');
const hexByte = (byte: number): string => byte.toString(16).padStart(2, '0');
const octalByte = (byte: number): string => byte.toString(8).padStart(3, '0');
const percent = (value: string): string =>
  escaped(value, /[A-Za-z0-9_.~-]/, (byte) => `%${hexByte(byte).toUpperCase()}`);
const lower = (text: string): string => text.replaceAll(/%../g, (code) => code.toLowerCase());
const wrap = (text: string, columns: number, between: string): string =>
  (text.match(new RegExp(`.{1,${columns}}`, 'gsu')) ?? []).join(between);
const base64 = (text: string): string => bytesOf(text).toString('base64');
const json = (value: string): string => JSON.stringify(value);
const ascii = (text: string): string =>
  text.replaceAll(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
const xml = (value: string): string =>
  value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
const half = (text: string): number => Math.floor([...text].length / 2);
const [first, second] = [
  (text: string): string => [...text].slice(0, half(text)).join(''),
  (text: string): string => [...text].slice(half(text)).join(''),
];

export const PLANTED_FORMS: readonly PlantedForm[] = [
  { name: 'literal', print: (value) => value },
  { name: 'base64', print: base64 },
  { name: 'base64, one byte before', print: (value) => base64(`:${value}:`) },
  { name: 'base64, two bytes before', print: (value) => base64(`u:${value}\n`) },
  {
    name: 'base64, wrapped at 76',
    print: (value) => wrap(base64(`{"some": "text", "value": "${value}"}`), 76, '\n'),
  },
  { name: 'base64, wrapped at 64', print: (value) => wrap(base64(value), 64, '\n') },
  { name: 'base64url', print: (value) => bytesOf(value).toString('base64url') },
  { name: 'base64 of base64', print: (value) => base64(base64(value)) },
  { name: 'hex', print: (value) => bytesOf(value).toString('hex') },
  { name: 'hex, upper case', print: (value) => bytesOf(value).toString('hex').toUpperCase() },
  { name: 'hex, wrapped', print: (value) => wrap(bytesOf(value).toString('hex'), 60, '\n') },
  { name: 'hex, with colons', print: (value) => [...bytesOf(value)].map(hexByte).join(':') },
  { name: 'hex, with spaces', print: (value) => [...bytesOf(value)].map(hexByte).join(' ') },
  { name: 'percent', print: percent },
  { name: 'percent, lower case', print: (value) => lower(percent(value)) },
  { name: 'percent, with plus', print: (value) => percent(value).replaceAll('%20', '+') },
  { name: 'percent, twice', print: (value) => percent(percent(value)) },
  {
    name: 'percent, every byte',
    print: (value) => [...bytesOf(value)].map((byte) => `%${hexByte(byte)}`).join(''),
  },
  { name: 'JSON', print: json },
  { name: 'JSON in ASCII', print: (value) => ascii(json(value)) },
  { name: 'JSON in JSON', print: (value) => json(json(value)) },
  { name: 'XML', print: xml },
  {
    name: 'XML, by number',
    print: (value) => escaped(value, /[A-Za-z0-9]|[\x80-\xff]/, (byte) => `&#${byte};`),
  },
  { name: 'shell, single quotes', print: (value) => `'${value.replaceAll("'", `'\\''`)}'` },
  { name: 'shell, double quotes', print: (value) => `"${value.replaceAll(/["\\$`]/g, '\\$&')}"` },
  { name: 'shell, printf %q', print: (value) => value.replaceAll(/[^\w@%+=:,./\u0080-\uffff-]/g, '\\$&') },
  {
    name: "shell, $'…'",
    print: (value) =>
      `$'${escaped(value.replaceAll(/['\\]/g, '\\$&'), /[\x20-\x7e]/, (byte) => `\\${octalByte(byte)}`)}'`,
  },
  {
    name: 'Python, str',
    print: (value) => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`,
  },
  {
    name: 'Python, bytes',
    print: (value) =>
      `b'${escaped(value.replaceAll(/['\\]/g, '\\$&').replaceAll('\n', '\\n'), /[\x20-\x7e]/, (byte) => `\\x${hexByte(byte)}`)}'`,
  },
  { name: 'Node', print: (value) => inspect({ value }, { breakLength: Number.POSITIVE_INFINITY }) },
  { name: 'wrapped at 20', print: (value) => wrap(value, 20, '\n    ') },
  { name: 'a word a line', print: (value) => wrap(value, 9, '\n') },
  { name: 'coloured', print: (value) => `\u001b[31m${value}\u001b[0m` },
  {
    name: 'coloured by halves',
    print: (value) => `\u001b[1m${first(value)}\u001b[0;32m${second(value)}\u001b[0m`,
  },
  { name: 'colour in JSON', print: (value) => json(`${first(value)}\u001b[31m${second(value)}`) },
];

/** How the same bytes come: in pieces that are read one by one. */
export const PIECES: Readonly<Record<string, (bytes: Buffer) => readonly Buffer[]>> = {
  'in one piece': (bytes) => [bytes],
  'in two': (bytes) => cut(bytes, Math.floor(bytes.length / 2)),
  'in three': (bytes) => cut(bytes, Math.floor(bytes.length / 3), Math.floor((2 * bytes.length) / 3)),
  'without its last three bytes, and those': (bytes) => cut(bytes, bytes.length - 10),
  'byte by byte': (bytes) => [
    ...Array.from(bytes.subarray(0, 24), (byte) => Buffer.of(byte)),
    bytes.subarray(24),
  ],
};

function cut(bytes: Buffer, ...places: readonly number[]): readonly Buffer[] {
  const borders = [0, ...places, bytes.length];
  return places.concat(bytes.length).map((end, at) => bytes.subarray(borders[at], end));
}

/** So much stands before a secret in an example that it can be told from the same letters in another one. */
const BEFORE_SECRET = 12;

/** What looks like a secret of a provider: an example of each rule, and the part of it that must not be found. */
export const PLANTED_TOKENS = RULES.flatMap(({ id, pattern, examples: [example] }) => {
  // The bytes of a file are no text that goes by every channel.
  if (example === undefined || /[\x00-\x08\x0e-\x1f]/.test(example)) return [];
  pattern.lastIndex = 0;
  const { indices } = pattern.exec(example) ?? {};
  pattern.lastIndex = 0;
  const range = indices?.groups?.['secret'] ?? indices?.[0];
  if (range === undefined) throw new Error(`Cannot plant a secret of ${id}: its example is none`);
  const [start, end] = range;
  return { id, example, secret: example.slice(Math.max(0, start - BEFORE_SECRET), end) };
});
