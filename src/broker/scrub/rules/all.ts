import { PLACE_RULES } from './places.ts';
import { FIRST_RULES } from './providers/first.ts';
import type { Rule } from './rule.ts';

/** Every rule; the first of two that match the same bytes names the mark. */
export const RULES: readonly Rule[] = [...FIRST_RULES, ...PLACE_RULES];
