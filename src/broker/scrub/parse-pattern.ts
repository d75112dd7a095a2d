/** A part of a regular expression, as far as it matters what it can match. */
export type Part =
  | { readonly kind: 'characters'; readonly codes: readonly number[] }
  | {
      readonly kind: 'choice';
      readonly choices: readonly (readonly Part[])[];
      /** Of a group that has one. */
      readonly name?: string;
    }
  | {
      readonly kind: 'repeat';
      readonly parts: readonly Part[];
      readonly least: number;
      readonly most: number;
    }
  | {
      readonly kind: 'look';
      readonly direction: 'ahead' | 'behind' | 'both' | 'none';
      /** It must not match there. */
      readonly negated: boolean;
      readonly parts: readonly Part[];
    };

/** Patterns run on bytes as latin1. */
const CODES = 256;
const ALL = Array.from({ length: CODES }, (_, code) => code);
const matching = (pattern: RegExp): readonly number[] =>
  ALL.filter((code) => pattern.test(String.fromCharCode(code)));
const CLASSES: Readonly<Record<string, readonly number[]>> = {
  d: matching(/\d/),
  D: matching(/\D/),
  w: matching(/\w/),
  W: matching(/\W/),
  s: matching(/\s/),
  S: matching(/\S/),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };
const ANY_CHARACTER: Part = { kind: 'characters', codes: ALL };

const QUANTIFIER = /(?:[*+?]|\{(\d+)(,(\d*))?\})\??/y;
const GROUP = /\((?:\?(?:(<?[=!])|<(\w+)>|[a-z]*(?:-[a-z]+)?:))?/y;
const BACK = /\\k<(\w+)>/y;
const ESCAPE = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|([dDwWsS])|([tnvfr0])|([^\da-zA-Z]))/y;

/**
 * Reads the source of a regular expression (ECMAScript, without the flags `u` and `v`).
 * @throws Error where it has a thing that no rule needs
 */
export function parsePattern(source: string): readonly Part[] {
  let at = 0;
  /** What groups with names match, and so references back to them. */
  const named = new Map<string, Part>();

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const taken = pattern.exec(source);
    if (taken !== null) at = pattern.lastIndex;
    return taken;
  }

  function choices(): Part[][] {
    const all: Part[][] = [[]];
    while (at < source.length && source[at] !== ')') {
      if (source[at] === '|') {
        at += 1;
        all.push([]);
      } else all.at(-1)?.push(repeated(one()));
    }
    return all;
  }

  function one(): Part {
    const character = source[at] ?? '';
    if (character === '(') return group();
    if (character === '[') return { kind: 'characters', codes: characterClass() };
    if (character === '\\') return escapeOrBorder();
    at += 1;
    if (character === '.') return ANY_CHARACTER;
    if (character === '^' || character === '$')
      return { kind: 'look', direction: 'none', negated: false, parts: [] };
    return { kind: 'characters', codes: [character.charCodeAt(0)] };
  }

  function group(): Part {
    const opened = take(GROUP);
    if (opened === null) throw unreadable('its group');
    const inner = choices();
    at += 1;
    const [, look, name] = opened;
    const choice: Part = { kind: 'choice', choices: inner, ...(name === undefined ? {} : { name }) };
    if (name !== undefined) named.set(name, choice);
    if (look === undefined) return choice;
    const direction = look.startsWith('<') ? 'behind' : 'ahead';
    return { kind: 'look', direction, negated: look.endsWith('!'), parts: [choice] };
  }

  function escapeOrBorder(): Part {
    const letter = source[at + 1];
    if (letter === 'b' || letter === 'B') {
      at += 2;
      return { kind: 'look', direction: 'both', negated: false, parts: [ANY_CHARACTER] };
    }
    const back = named.get(take(BACK)?.[1] ?? '');
    if (back === undefined) return { kind: 'characters', codes: escaped() };
    // Behind a group that matched nothing it matches the empty text (ECMA-262, 22.2.2.7.2).
    return { kind: 'repeat', parts: [back], least: 0, most: 1 };
  }

  function escaped(): readonly number[] {
    const taken = take(ESCAPE);
    if (taken === null) throw unreadable('its escape');
    const [, hex, unicode, name, control, literal] = taken;
    const code = hex ?? unicode;
    if (code !== undefined) return [Number.parseInt(code, 16)];
    if (name !== undefined) return CLASSES[name] ?? [];
    if (control !== undefined) return [CONTROLS[control] ?? 0];
    return [literal?.charCodeAt(0) ?? 0];
  }

  function characterClass(): readonly number[] {
    at += 1;
    const isNegated = source[at] === '^';
    if (isNegated) at += 1;
    const codes = new Set<number>();
    while (at < source.length && source[at] !== ']') {
      const first = member();
      const isRange = source[at] === '-' && source[at + 1] !== ']' && first.length === 1;
      if (isRange) at += 1;
      const last = isRange ? member() : first;
      for (const code of [...first, ...last]) codes.add(code);
      if (isRange) for (let code = first[0] ?? 0; code < (last[0] ?? 0); code += 1) codes.add(code);
    }
    at += 1;
    return isNegated ? ALL.filter((code) => !codes.has(code)) : [...codes];
  }

  function member(): readonly number[] {
    if (source[at] === '\\' && source[at + 1] === 'b') {
      at += 2;
      return [8];
    }
    if (source[at] === '\\') return escaped();
    at += 1;
    return [source.charCodeAt(at - 1)];
  }

  function repeated(part: Part): Part {
    const quantifier = take(QUANTIFIER);
    if (quantifier === null) return part;
    const [sign, count, comma, limit] = quantifier;
    const parts = [part];
    if (count === undefined) {
      const least = sign.startsWith('+') ? 1 : 0;
      return { kind: 'repeat', parts, least, most: sign.startsWith('?') ? 1 : Infinity };
    }
    const least = Number(count);
    const most = comma === undefined ? least : limit === '' ? Infinity : Number(limit);
    return { kind: 'repeat', parts, least, most };
  }

  function unreadable(what: string): Error {
    return new Error(`Cannot read the pattern ${source}: ${what} at ${at} is none that rules use`);
  }

  const all = choices();
  if (at < source.length) throw unreadable('the parenthesis');
  const [only] = all;
  return all.length === 1 && only !== undefined ? only : [{ kind: 'choice', choices: all }];
}
