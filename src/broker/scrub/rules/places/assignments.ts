import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { BEFORE_QUOTED, BLANK, bare, CLOSED, NO_PASSWORD, NO_TOKEN, QUOTED, STRONG_BARE } from './value.ts';
import { nameEnd, PASSWORD, PASSWORD_KEYWORDS, TOKEN, TOKEN_KEYWORDS } from './words.ts';

const TYPED =
  '(?:(?<!["\'`\\])])(?::[ \\t]{0,2}|[ \\t]{1,2})[A-Za-z*&][\\w<>?.[\\]]{0,30}[ \\t]{0,3}=|\\{[ \\t]{0,2}get;[^}\\r\\n]{0,30}\\}[ \\t]{0,3}=)';
/** The next of two arguments or items, where it is no word: lists of names are no secrets. */
const NEXT_ARGUMENT =
  '(?<=["\'`]\\)?[ \\t]{0,2}),(?=[ \\t]{0,30}[\\w@$(]{0,20}\\\\{0,7}["\'`](?![ \\t])(?=[^"\'`\\r\\n]{6})[^"\'`\\r\\n]{0,60}[\\d!@#$%^])';
/** Between a name and a quoted value: assignments, members, comparisons, calls, and the next of two arguments. */
const SIGN = `${BLANK}{0,30}(?:[!:?+.|]{0,3}={1,3}>?|::?|->|<-|\\(|\\.(?:equals|equalsIgnoreCase|isEqualTo|compareTo|eq|set)\\(|${NEXT_ARGUMENT}|${TYPED})${BLANK}{0,30}`;

/** A name, the sign of an assignment, and a value with or without quotes. */
function assigned(name: string, least: number, colon: string): RegExp {
  return new RegExp(
    `${name}${nameEnd(`${BLANK}{0,30}[\\\\"'\`&%\\])[=:!?+.|<({,-]|[ \\t:][ \\t]{0,3}[A-Za-z*&]`)}${CLOSED}(?:${SIGN}${BEFORE_QUOTED}${QUOTED}` +
      `|:?=${bare(least)}` +
      `|${BLANK}{0,30}(?:[:?]?=>?|${colon}|<-)${BLANK}{0,30}${STRONG_BARE(least)}` +
      `|:[-=]${bare(least)}(?=\\}))`,
    'dg',
  );
}

/** Passwords, tokens and keys that are assigned to a name that says so. */
export const ASSIGNMENTS: readonly Rule[] = [
  {
    // Environments name their secrets, where code has many other values behind the same words.
    id: 'environment-secret',
    keywords: ['_secret=', '_key=', '_token='],
    pattern: new RegExp(
      `(?:(?:JWT|SESSION|COOKIE|CLIENT|APP|API|TOKEN|AUTH|CONSUMER|WEBHOOK|SIGNING)_SECRET|(?:SECRET|API|ACCESS|PRIVATE|ENCRYPTION|SIGNING)_KEY|(?:AUTH|ACCESS|API|REFRESH)_TOKEN)=(?:"(?<secret>[^"\\r\\n]{8,512})|'(?<secret>[^'\\r\\n]{8,512})|${bare(8)})`,
      'dg',
    ),
    allow: NO_PASSWORD,
    examples: [made('JWT_SECRET_KEY=', 'keep-it-long-and-in-words')],
    counterExamples: ['API_KEY=your-api-key', 'CLIENT_SECRET=$CLIENT_SECRET', 'API_KEY=xxxxxxxxxxxx'],
  },
  {
    id: 'assigned-secret',
    keywords: PASSWORD_KEYWORDS,
    pattern: assigned(PASSWORD, 3, ':'),
    allow: NO_PASSWORD,
    examples: [made('DB_PASSWORD=', 'hunter2-hunter2')],
    counterExamples: [
      'password: ',
      'Failed password for root from 10.0.0.1',
      'password=********',
      'password=${PASSWORD}',
    ],
  },
  {
    id: 'assigned-token',
    keywords: TOKEN_KEYWORDS,
    pattern: assigned(TOKEN, 6, ':(?=[ \\t]|[A-Za-z0-9_/+=-]{16})'),
    allow: NO_TOKEN,
    examples: [made('"api_key": "', '9f8e7d6c5b4a"')],
    counterExamples: ['token=${TOKEN}', 'secret: null', 'max_tokens: 4096'],
  },
];
