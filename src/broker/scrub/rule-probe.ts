import { neededSigns } from './needed-signs.ts';
import { shapeOf } from './pattern-shape.ts';
import type { Rule } from './rules/rule.ts';
import { numberSigns, type SignTable } from './sign-finder.ts';

/** A rule's pattern, made to be tried where its keywords stand. V8 compiles it when it is first used. */
export type Probe =
  | {
      readonly kind: 'at-keyword';
      /** How far before a keyword a match may begin. */
      readonly lead: number;
      /** 1 at each code behind which no match begins; null: there is none. */
      readonly notBehind: Uint8Array | null;
      /** What it needs behind its keyword. */
      readonly signs: readonly SignTable[];
      /** Sticky. Tried at a place up to the lead before a keyword, it finds the first match up to the keyword. */
      readonly pattern: RegExp;
    }
  | {
      /** The keyword need not stand in the match. */
      readonly kind: 'around-keyword';
      /** Global. */
      readonly pattern: RegExp;
    };

/** Of latin1. */
const CODES = 256;

const numbered = numberSigns();

/** A pattern of which a match may begin farther before its keyword is looked for around that. */
export const LONGEST_LEAD = 1_000;

/**
 * Where each match is sure to have a keyword near its beginning, no other places are tried, so that what a keyword costs
 * is bounded whatever follows it. Indices (flag `d`), which take as long as a match, are asked for only where the secret
 * need not be at the end.
 */
export function probeOf({ pattern: { source, flags }, keywords }: Rule): Probe {
  const { lead, endsWithSecret, notBehind: codes } = shapeOf(source, keywords);
  const notBehind = codes.length === 0 ? null : tableOf(codes);
  const hasGroup = source.includes('(?<secret>');
  const others = flags.replace(hasGroup && !endsWithSecret ? /[gy]/g : /[dgy]/g, '');
  if (lead > LONGEST_LEAD) return { kind: 'around-keyword', pattern: new RegExp(source, `${others}g`) };
  const longest = Math.max(...keywords.map(({ length }) => length));
  const signs = neededSigns(source, longest).map(({ codes, within }) =>
    numbered({ codes, within: within + lead }),
  );
  if (lead === 0)
    return { kind: 'at-keyword', lead, notBehind, signs, pattern: new RegExp(source, `${others}y`) };
  const words = keywords.map((word) => word.replace(/[.\\+*?^$()[\]{}|/]/g, '\\$&')).join('|');
  const whole = hasGroup ? `(?:${source})` : `(?<secret>${source})`;
  const pattern = new RegExp(`(?:(?!(?i:${words}))[^]){0,${lead}}?${whole}`, `${others}y`);
  return { kind: 'at-keyword', lead, notBehind, signs, pattern };
}

function tableOf(codes: readonly number[]): Uint8Array {
  const table = new Uint8Array(CODES);
  for (const code of codes) table[code] = 1;
  return table;
}

/** Where the secret is in what a probe found. */
export function secretRange(found: RegExpExecArray): readonly [start: number, end: number] {
  const range = found.indices?.groups?.['secret'];
  if (range !== undefined) return range;
  const end = found.index + found[0].length;
  return [end - (found.groups?.['secret'] ?? found[0]).length, end];
}
