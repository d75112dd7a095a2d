import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { NO_PASSWORD } from './value.ts';

/** What programs and people say: "the password is x", "password for user 'x' is 'y'". */
export const PROSE: readonly Rule[] = [
  {
    id: 'told-password',
    keywords: ['password', 'passwd', 'passphrase', 'passcode'],
    pattern:
      /(?<![\w-])(?:password|passwd|passphrase|passcode)(?:[ \t](?:for|of|to)[ \t](?:[\w@.-]{1,40}[ \t]){0,5}(?:["'`][^"'`\r\n]{1,60}["'`][ \t])?)?[ \t]{0,2}(?:(?:is|was|are|will be|set to|changed to|reset to|generated)(?:[ \t]now)?:?[ \t]{1,4}|(?:is |was )?(?:generated )?for [\w.-]{1,40}@[\w.-]{1,60}:[ \t])(?:"(?<secret>[^"\r\n]{3,128})"|'(?<secret>[^'\r\n]{3,128})'|`(?<secret>[^`\r\n]{3,128})`|(?<secret>(?=[A-Za-z_-]{0,40}[\d!#$%&*+^~@?<>][^\x00-\x20"'`,;])[^\x00-\x20"'`]{5,128}))/dgi,
    allow: NO_PASSWORD,
    examples: [
      made("the password is '", "Secret-123'"),
      made('A temporary password is generated for root@localhost: ', 'kJ#f3s(dK'),
    ],
    counterExamples: ['the password is required', 'Your password was changed', 'the password is "required"'],
  },
];
