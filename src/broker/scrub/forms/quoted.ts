import { inspect } from 'node:util';

const CONTROLS: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** A single quote within single quotes. */
const SINGLE_QUOTES = ["'\\''", `'"'"'`, "''"];
const NEEDS_QUOTES = /[^A-Za-z0-9_@%:,./=+-]/;

/** How shells and programs quote a value so that they would read it again. */
export function quotedForms(bytes: Buffer, text: string): string[] {
  const controls = (given: string): string =>
    given.replaceAll(/[\n\t\r]/g, (character) => CONTROLS[character] ?? '');
  return [
    // In single quotes: bash, jq and coreutils, dash and Python's shlex, PowerShell and SQL.
    ...SINGLE_QUOTES.flatMap((quote) => [
      withoutEdges(text.replaceAll("'", quote)),
      // A command's words are quoted one by one, where they need it.
      withoutEdges(
        text
          .split(' ')
          .map((word) => inQuotes(word, quote))
          .join(' '),
      ),
    ]),
    // bash's `printf %q`, a word with backslashes.
    text.replaceAll(/[^A-Za-z0-9_@%:,./=+\u0080-\uffff-]/g, '\\$&'),
    text.replaceAll(/[^A-Za-z0-9_@%:./=+\u0080-\uffff-]/g, '\\$&'),
    // In double quotes: bash's `declare -p`, Perl's Data::Dumper, CSV.
    ...[/["$`\\]/g, /["$@\\]/g].map((characters) => text.replaceAll(characters, '\\$&')),
    text.replaceAll('"', '""'),
    // ANSI-C quoting of bash, C and Python's `repr`, of text and of bytes.
    ...[/['\\]/g, /["\\]/g, /\\/g].flatMap((characters) => {
      const quoted = controls(text.replaceAll(characters, '\\$&'));
      const latin1 = controls(bytes.toString('latin1').replaceAll(characters, '\\$&'));
      return [quoted, withEscapes(latin1, (code) => `\\x${hex(code, 2)}`), withEscapes(latin1, octal)];
    }),
    inspect(text, { breakLength: Infinity }).slice(1, -1),
  ];
}

function inQuotes(word: string, quote: string): string {
  return NEEDS_QUOTES.test(word) ? `'${word.replaceAll("'", quote)}'` : word;
}

/** Some shells leave out quotes at the ends in which nothing stands. */
function withoutEdges(text: string): string {
  return text.replaceAll(/^'+|'+$/g, '');
}

function withEscapes(latin1: string, escapeOf: (code: number) => string): string {
  return latin1.replaceAll(/[^ -~]/g, (character) => escapeOf(character.charCodeAt(0)));
}

function octal(code: number): string {
  return `\\${code.toString(8).padStart(3, '0')}`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
