import { ASSIGNMENTS } from './places/assignments.ts';
import { CODE } from './places/code.ts';
import { COMMAND_LINES } from './places/command-lines.ts';
import { CONNECTION_STRINGS } from './places/connection-strings.ts';
import { FILES } from './places/files.ts';
import { HASHES } from './places/hashes.ts';
import { HEADERS } from './places/headers.ts';
import { MARKUP } from './places/markup.ts';
import { PROSE } from './places/prose.ts';
import { RANDOMS } from './places/random.ts';
import { SQL } from './places/sql.ts';
import { URLS } from './places/urls.ts';
import type { Rule } from './rule.ts';

/** Places in which a secret stands, whatever it looks like; the first of two that match the same bytes names the mark. */
export const PLACE_RULES: readonly Rule[] = [
  ...CONNECTION_STRINGS,
  ...URLS,
  ...HEADERS,
  ...FILES,
  ...HASHES,
  ...COMMAND_LINES,
  ...SQL,
  ...ASSIGNMENTS,
  ...MARKUP,
  ...CODE,
  ...PROSE,
  ...RANDOMS,
];
