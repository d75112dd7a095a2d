import { canonicalBytes, keptBytes, keptText } from './canonical-view.ts';
import {
  base64Cores,
  base64Forms,
  doubleBase64Forms,
  shortBase64Forms,
  withUrlSafe,
} from './forms/base64.ts';
import { hexForms } from './forms/hex.ts';
import { inJson, jsonForms } from './forms/json.ts';
import { markupForms } from './forms/markup.ts';
import { packedForms } from './forms/packed.ts';
import { percentForms } from './forms/percent.ts';
import { quotedForms } from './forms/quoted.ts';
import type { Needle, Seen } from './needle.ts';

/** Shorter values would be found everywhere: they are refused. */
const SHORTEST_BYTES = 4;
/** Shorter ones count only between token borders. */
const SHORTEST_ANYWHERE_BYTES = 8;
/** Longer values are not looked for in forms that only passwords and tokens take, or that the canonical view sees. */
const LONGEST_REWRITTEN = 4_096;

const NUMBER = /^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** What needs no escape anywhere: such a value looks the same in most forms. */
const PLAIN = /^[A-Za-z0-9_.~-]*$/;
/** The narrowest columns at which tools usually fold lines, and what of the first the canonical view must show. */
const FOLD_COLUMNS = 8;
const FOLDED = /[\s\S]{8}(?!$)/g;
const FEWEST_KEPT = 4;
/** The canonical view may see an escape in such a form. */
const ESCAPING = /[%&\\^]/;

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export interface KnownSecret {
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * The forms in which tools print a value: as it is, trimmed, each long line of it; and all of these in base64, hex,
 * percent-encoded, escaped for JSON, XML, shells and programs, as a number. For what no list of forms holds, also what is
 * left of them in the canonical view, and the value itself for what dumps show.
 * @throws Error where the value is too short; the value is not quoted
 */
export function formsOf({ name, value }: KnownSecret): Needle[] {
  const literal = Buffer.from(value);
  const trimmed = trim(literal);
  if (trimmed.length < SHORTEST_BYTES)
    throw new Error(`Cannot register secret ${name}: it is shorter than ${SHORTEST_BYTES} bytes`);
  const needles = new Map<string, Needle>();
  const add = (form: Buffer, seen: Seen, encodes?: Buffer): void => {
    const bytes = withoutLineEndsBefore(form);
    const key = `${seen}:${bytes.toString('latin1')}`;
    if (needles.has(key) || bytes.length < SHORTEST_BYTES) return;
    const wholeToken = encodes === undefined && bytes.length < SHORTEST_ANYWHERE_BYTES;
    needles.set(key, { name, bytes, wholeToken, seen, ...(encodes && { encodes }) });
  };
  const isLong = literal.length > LONGEST_REWRITTEN;
  for (const bytes of literal.equals(trimmed) ? [literal] : [literal, trimmed])
    addForms(bytes, isLong ? encodings(bytes) : [...encodings(bytes), ...moreEncodings(bytes)], add);
  const lines = splitLines(literal).map(trim);
  for (const line of lines.length < 2 ? [] : lines)
    if (line.length >= SHORTEST_ANYWHERE_BYTES)
      addForms(line, [...encodings(line), turnedAround(line.toString('utf8'))], add);
  return [...needles.values()];
}

/** Each end of a line would have to be held back as what may begin such a form. */
function withoutLineEndsBefore(form: Buffer): Buffer {
  const start = form.findIndex((byte) => byte !== NEWLINE && byte !== CARRIAGE_RETURN);
  return start > 0 ? form.subarray(start) : form;
}

function addForms(
  bytes: Buffer,
  encoded: readonly string[],
  add: (bytes: Buffer, seen: Seen, encodes?: Buffer) => void,
): void {
  add(bytes, 'bytes');
  add(bytes, 'dumped');
  for (const view of [canonicalBytes(bytes), keptBytes(bytes)].map((view) => Buffer.from(view)))
    if (view.length >= SHORTEST_ANYWHERE_BYTES) add(view, 'canonical');
  for (const text of encoded) {
    const form = Buffer.from(text);
    add(form, 'bytes');
    // Where an escape may be in it, the view shows no more of it than of the bytes themselves.
    const view = ESCAPING.test(text) ? null : Buffer.from(keptText(text));
    if (view !== null && view.length >= SHORTEST_ANYWHERE_BYTES) add(view, 'canonical');
  }
  if (bytes.length < SHORTEST_ANYWHERE_BYTES)
    for (const core of base64Cores(bytes).flatMap(withUrlSafe)) add(Buffer.from(core), 'bytes', bytes);
}

/** As files and keys are printed too. */
function encodings(bytes: Buffer): string[] {
  const short = bytes.length < SHORTEST_ANYWHERE_BYTES;
  return [...hexForms(bytes), ...(short ? shortBase64Forms(bytes) : base64Forms(bytes))];
}

/** As passwords and tokens are printed beyond that. */
function moreEncodings(bytes: Buffer): string[] {
  const text = bytes.toString('utf8');
  return [
    ...(PLAIN.test(text) ? [] : escapedForms(bytes, text)),
    ...numberForms(text),
    ...(bytes.length < SHORTEST_ANYWHERE_BYTES ? [] : doubleBase64Forms(bytes)),
    ...packedForms(bytes),
    ...rewrittenForms(bytes, text),
  ];
}

function escapedForms(bytes: Buffer, text: string): string[] {
  const json = inJson(text);
  return [
    ...[percentForms(bytes), jsonForms(text), markupForms(text), quotedForms(bytes, text)].flat(),
    ...(json === text || json.length < SHORTEST_ANYWHERE_BYTES ? [] : base64Cores(Buffer.from(json))),
  ];
}

/** Turned around, in one case, and folded where too little is left of it in the canonical view. */
function rewrittenForms(bytes: Buffer, text: string): string[] {
  const isSeen =
    keptBytes(bytes).length >= SHORTEST_ANYWHERE_BYTES &&
    keptBytes(bytes.subarray(0, FOLD_COLUMNS)).length >= FEWEST_KEPT;
  const folded = isSeen ? [] : [text.replaceAll(FOLDED, '$&\n')];
  return [...folded, turnedAround(text), text.toUpperCase(), text.toLowerCase()];
}

function turnedAround(text: string): string {
  return [...text].toReversed().join('');
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

function trim(bytes: Buffer): Buffer {
  let start = 0;
  let end = bytes.length;
  while (start < end && isSpace(bytes[start])) start += 1;
  while (end > start && isSpace(bytes[end - 1])) end -= 1;
  return bytes.subarray(start, end);
}
function splitLines(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line, 'latin1'));
}
/** How a number is printed that was read from the value: without leading zeros, rounded to a double. */
function numberForms(text: string): string[] {
  const form = NUMBER.test(text) ? String(Number(text)) : '';
  return form.length >= SHORTEST_BYTES ? [form] : [];
}
