import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { NO_PASSWORD, NO_TOKEN } from './value.ts';
import { LONG_PASSWORD, LONG_PASSWORD_KEYWORDS, nameEnd, TOKEN, TOKEN_KEYWORDS } from './words.ts';

/**
 * `<password>x</password>`, also with attributes and a prefix of a name space; `<add key="password" value="x"/>`;
 * `<entry key="password">x</entry>`, `<key>password</key><string>x</string>`; the same with its angle brackets as entities.
 */
function element(name: string): RegExp {
  const text = '(?:<!\\[CDATA\\[)?(?<secret>[^<>\\r\\n]{3,512}?)(?=</|\\]\\]>|&lt;/)';
  return new RegExp(
    `${name}${nameEnd('[ \\t>"\'&<]')}(?:` +
      `(?:(?<=<(?:\\w{1,30}:)?[\\w.-]{1,80})(?:[ \\t][^<>\\r\\n]{0,200})?|["'])>[ \\t]{0,8}${text}` +
      `|&gt;(?<secret>[^&<>\\r\\n]{3,512})&lt;/` +
      `|["'][ \\t]{1,4}(?:[\\w:.-]{1,40}=["'][^"'\\r\\n]{0,100}["'][ \\t]{1,4}){0,4}(?:\\w{1,20}:)?(?:value|content|default)[ \\t]{0,2}=[ \\t]{0,2}(?:"(?<secret>[^"\\r\\n]{3,512})|'(?<secret>[^'\\r\\n]{3,512}))` +
      `|</(?:key|name|Key|Name)>[ \\t]{0,8}<(?:string|value|Value|String)>(?<secret>[^<>\\r\\n]{3,512})` +
      ')',
    'dg',
  );
}

/** Secrets in XML and HTML. */
export const MARKUP: readonly Rule[] = [
  {
    id: 'markup-password',
    keywords: LONG_PASSWORD_KEYWORDS,
    pattern: element(LONG_PASSWORD),
    allow: NO_PASSWORD,
    examples: [
      made('<password>', 'swordfish1</password>'),
      made('<add key="DbPassword" value="', 'swordfish1"/>'),
    ],
    counterExamples: ['<password>${env.PASSWORD}</password>', '<label for="password">Password:</label>'],
  },
  {
    id: 'markup-token',
    keywords: TOKEN_KEYWORDS,
    pattern: element(TOKEN),
    allow: NO_TOKEN,
    examples: [
      made('<apiKey>', '0a1b2c3d4e5f6071</apiKey>'),
      made('<string name="api_key">', '0a1b2c3d4e5f6071</string>'),
    ],
    counterExamples: ['<token>${TOKEN}</token>', '<secret>none</secret>'],
  },
];
