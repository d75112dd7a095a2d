import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { CommandTemplate } from './template.ts';

/** MAX_ARG_STRLEN of Linux (execve(2)), with its NUL. */
const LONGEST_ELEMENT_BYTES = 131_072 - 1;
/** Bytes of all elements and values together; far below ARG_MAX. */
const MOST_BYTES = 1_048_576;
const MOST_ELEMENTS = 4_096;
/** Lines of all environment values together. */
const MOST_LINES = 4_096;
/** What an environment value may not hold: control characters but tab and line feed. */
const STRAY_CONTROLS = /[\x00-\x08\x0b-\x1f\x7f]/g;

export type CommandInput =
  | {
      readonly ok: true;
      readonly arguments: readonly string[];
      /** In the order of the program's environment names; null: unset. */
      readonly environment: readonly (string | null)[];
      readonly stdin: Uint8Array;
      /** Control characters that were removed from environment values; the record says so. */
      readonly removed: number;
    }
  | { readonly ok: false; readonly at: string; readonly rule: string };

/**
 * What validated params become: whole argv elements, never a part of a shell's text. A value that a program would read
 * as an option is refused unless a literal `--` or the template's own prefix stands before it (CWE-88), and so is every
 * control character (J9). From environment values control characters but tab and line feed are removed.
 */
export function commandInput(template: CommandTemplate, params: JsonObject): CommandInput {
  const words: string[] = [];
  let optionsEnded = false;
  const refused = (param: string, rule: string): CommandInput => ({ ok: false, at: `/${param}`, rule });

  for (const part of template.arguments) {
    if (part.kind === 'literal') {
      words.push(part.word);
      optionsEnded ||= part.word === '--';
      continue;
    }
    const value = params[part.param];
    if (value === undefined) continue;
    if (part.kind === 'flag') {
      if (value === true) words.push(...part.words);
      continue;
    }
    for (const text of (Array.isArray(value) ? value : [value]).map(asText)) {
      const rule = refusal(text, !optionsEnded && part.prefix === '');
      if (rule !== null) return refused(part.param, rule);
      words.push(`${part.prefix}${text}`);
    }
  }

  const environment: (string | null)[] = [];
  let removed = 0;
  for (const param of template.environment) {
    const value = param === null ? undefined : params[param];
    if (param === null || value === undefined) {
      environment.push(null);
      continue;
    }
    const text = asText(value);
    const clean = text.replace(STRAY_CONTROLS, '');
    if (Buffer.byteLength(clean) > LONGEST_ELEMENT_BYTES) return refused(param, 'length');
    removed += text.length - clean.length;
    environment.push(clean);
  }

  const bytes = [...words, ...environment].reduce((sum, word) => sum + Buffer.byteLength(word ?? '') + 1, 0);
  const lines = environment.reduce((sum, value) => sum + (value?.split('\n').length ?? 0), 0);
  if (bytes > MOST_BYTES || words.length > MOST_ELEMENTS || lines > MOST_LINES)
    return { ok: false, at: '', rule: 'arguments-length' };
  const stdin = template.stdin === null ? undefined : params[template.stdin];
  return { ok: true, arguments: words, environment, stdin: asBytes(stdin), removed };
}

function refusal(text: string, couldBeOption: boolean): string | null {
  if (/[\x00-\x1f\x7f]/.test(text)) return 'control-character';
  if (couldBeOption && text.startsWith('-')) return 'option';
  return Buffer.byteLength(text) > LONGEST_ELEMENT_BYTES ? 'length' : null;
}

function asText(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Text as UTF-8, or the bytes of `{"base64": …}`. */
function asBytes(value: JsonValue | undefined): Uint8Array {
  if (value === undefined) return new Uint8Array(0);
  if (isJsonObject(value) && typeof value['base64'] === 'string')
    return Buffer.from(value['base64'], 'base64');
  return Buffer.from(asText(value));
}

/** The lines that the gate reads before it becomes the program (src/monitor/launch/gate.ts). */
export function gateInput(environment: readonly (string | null)[], words: readonly string[]): Uint8Array {
  const values = environment.flatMap((value) => {
    if (value === null) return ['-'];
    const lines = value.split('\n');
    return lines.map((line, index) => `${index < lines.length - 1 ? '+' : ':'}${line}`);
  });
  return Buffer.from([...values, ...words.map((word) => `:${word}`), '.', ''].join('\n'));
}
