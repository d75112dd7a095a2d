import { gunzipSync } from 'node:zlib';

/** So many characters of a value, one after the other, are as good as the value. */
const LONGEST_PIECE = 32;
/** What is left of a value is too little to count where it is shorter. */
const SHORTEST_PIECE = 8;
/** Quoting and layout, which a reader sees through. */
const QUOTING = /[\s"'\\]+/g;

type Reading = (text: string) => readonly string[];

const unescaped = (text: string): string =>
  text.replaceAll(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([0-7]{3})|([nrt"'\\/]))/g,
    (_, hex, unicode, octal, letter) => {
      const code = hex ?? unicode;
      if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      return ({ n: '\n', r: '\r', t: '\t' } as Readonly<Record<string, string>>)[letter] ?? letter;
    },
  );

const percentDecoded = (text: string): string =>
  Buffer.from(
    text.replaceAll(/%([0-9a-fA-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8');

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const withoutEntities = (text: string): string =>
  text.replaceAll(/&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });

/** Runs of base64, wrapped or not, read at each of the four places at which a group may begin. */
function base64Decoded(text: string): string[] {
  const runs = text.match(/[A-Za-z0-9+/_-]{4,}(?:\r?\n[ \t]*[A-Za-z0-9+/_-]+)*/g) ?? [];
  return runs.flatMap((run) => {
    const joined = run.replaceAll(/\s/g, '');
    return [0, 1, 2, 3].map((shift) => Buffer.from(joined.slice(shift), 'base64').toString('latin1'));
  });
}

/** Columns that dumps of bytes put beside them: offsets in front (`xxd`, `od`), characters behind (`xxd`). */
function hexDecoded(text: string): string[] {
  const bytesOnly = text.replaceAll(/^[0-9a-f]{8}: (.{39}).*$/gm, '$1');
  const runs = bytesOnly.match(/[0-9a-fA-F]{2}(?:[\s:]*[0-9a-fA-F]{2})+/g) ?? [];
  return runs.map((run) => Buffer.from(run.replaceAll(/[\s:]/g, ''), 'hex').toString('latin1'));
}

const octalDump: Reading = (text) =>
  /^0000000 {3}/m.test(text)
    ? [
        unescaped(
          text
            .replaceAll(/^\d{7}/gm, '')
            .replaceAll(
              / {3}(.)| {2}(\\.)| (\d{3})|\n/g,
              (_, one, two, three) => one ?? two ?? (three === undefined ? '' : `\\${three}`),
            ),
        ),
      ]
    : [];

function unpacked(text: string): string[] {
  return (text.match(/H4sI[A-Za-z0-9+/=\s]+/g) ?? []).flatMap((run) => {
    try {
      return [gunzipSync(Buffer.from(run, 'base64')).toString('utf8')];
    } catch {
      return [];
    }
  });
}

const PREFIX = /^(?:\S+ +\| |\S+Z std(?:out|err) F )/gm;

/** Ways in which a text can be read by who looks for a value in it. */
const READINGS: readonly Reading[] = [
  (text) => [text, text.replaceAll(PREFIX, ''), text.replaceAll(/\$$/gm, '')],
  (text) => [unescaped(text), unescaped(unescaped(text)), withoutEntities(text)],
  (text) => [
    percentDecoded(text),
    percentDecoded(percentDecoded(text)),
    percentDecoded(text.replaceAll('+', ' ')),
  ],
  (text) => base64Decoded(text),
  (text) => base64Decoded(text).flatMap(base64Decoded),
  (text) => hexDecoded(text),
  octalDump,
  (text) => [[...text].reverse().join('')],
  unpacked,
];

const plain = (text: string): string => text.replaceAll(QUOTING, '').toLowerCase();

/**
 * Whether a value can be read from a text: as it is, quoted, escaped, encoded, wrapped, dumped, reversed, in capitals or
 * packed. Of a long value 32 characters count, of a shorter one half, if that is at least 8.
 */
export function isRecoverable(text: string, value: string): boolean {
  const wanted = plain(value);
  const length = Math.min(
    LONGEST_PIECE,
    Math.max(SHORTEST_PIECE, Math.ceil(wanted.length / 2)),
    wanted.length,
  );
  const pieces = new Set(
    Array.from({ length: wanted.length - length + 1 }, (_, at) => wanted.slice(at, at + length)),
  );
  return READINGS.some((read) => read(text).some((reading) => holdsPiece(plain(reading), pieces, length)));
}

function holdsPiece(text: string, pieces: ReadonlySet<string>, length: number): boolean {
  for (let at = 0; at + length <= text.length; at += 1)
    if (pieces.has(text.slice(at, at + length))) return true;
  return false;
}
