import { escapeForTerminal } from '../../src/shared/terminal/escape.ts';

/** So many characters of what was planted are found together nowhere: as many as a glance remembers of a secret. */
const TELLING = 12;
/** At the ends of a form stand quotes, and what of a base64 depends on the text around it. */
const EDGE = 4;

/** In what forms a value may be found, whatever was planted; ready to be searched for. */
export interface Traces {
  /** The first of them that stands in the text; null: none does. */
  foundIn(text: string): string | null;
}

/**
 * @param value that must not be found: as it is, each of its lines, in base64 at three shifts, hex and percent-encoded
 * @param print in which form it was printed: no part of that may be found that tells of the value
 */
export function tracesOf(value: string, print: (value: string) => string): Traces {
  const bytes = Buffer.from(value);
  const shifted = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift === 0 ? 0 : shift + 1, -1),
  );
  const percent = encodeURIComponent(value);
  const forms = new Map([
    ['the value', value],
    ['the value as JSON', JSON.stringify(value).slice(1, -1)],
    ...value.split('\n').map((line, at): [string, string] => [`line ${at + 1} of the value`, line]),
    ...shifted.map((form, shift): [string, string] => [`base64 at shift ${shift}`, form]),
    ...shifted.map((form, shift): [string, string] => [
      `base64url at shift ${shift}`,
      form.replaceAll('+', '-').replaceAll('/', '_'),
    ]),
    ...[bytes.toString('hex'), bytes.toString('hex').toUpperCase()].map((form): [string, string] => [
      'hex',
      form,
    ]),
    ['percent', percent],
    ['percent, lower case', percent.replaceAll(/%../g, (code) => code.toLowerCase())],
  ]);
  const common = windowsOf(print(anotherLike(value)));
  // What another value has in that form too tells nothing.
  const telling = [...windowsOf(print(value))].filter((part) => !common.has(part));
  const bare = bared(value);

  return {
    foundIn(text) {
      for (const [form, needle] of forms) if (needle.length >= TELLING && text.includes(needle)) return form;
      for (const part of telling) if (text.includes(part)) return `a part of what was printed: ${part}`;
      return bared(text).includes(bare) ? 'the value between colours, escapes and white space' : null;
    },
  };
}

function windowsOf(printed: string): ReadonlySet<string> {
  const windows = new Set<string>();
  for (const form of [printed, JSON.stringify(printed).slice(1, -1), escapeForTerminal(printed)])
    for (let at = EDGE; at + TELLING + EDGE <= form.length; at += 1)
      windows.add(form.slice(at, at + TELLING));
  return windows;
}

/** With the same signs at the same places, so that its forms look alike. */
function anotherLike(value: string): string {
  return value.replaceAll(/[A-Za-z]/g, (letter) => (letter === 'Q' ? 'R' : 'Q')).replaceAll(/[0-9]/g, '5');
}

/** Without what tools put between the characters of a value. */
function bared(text: string): string {
  return text
    .replaceAll(/(?:\u001b|\\u001b|\\{1,2}x1b)\[[0-9;]{0,16}m/g, '')
    .replaceAll(/\\+[nrt]|[\s"'\\]/g, '');
}
