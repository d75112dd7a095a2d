import type { Rule } from '../rule.ts';
import { made } from './made.ts';

/** Identifiers of hashes in `$id$` (crypt(5), PHC string format, and what password crackers and devices use). */
const CRYPT = [
  ...[
    '1',
    '2',
    '2a',
    '2b',
    '2x',
    '2y',
    '3',
    '5',
    '6',
    '7',
    '8',
    '9',
    '14',
    'y',
    'gy',
    'sha1',
    'md5',
    'apr1',
    'h',
    'p',
  ],
  ...[
    'argon2i',
    'argon2d',
    'argon2id',
    'scrypt',
    'pbkdf2',
    'pbkdf2-sha256',
    'pbkdf2-sha512',
    'bcrypt-sha256',
    's0',
    'xmpp-scram',
  ],
];
const TICKETS = [
  'krb5asrep',
  'krb5tgs',
  'krb5pa',
  'dcc2',
  'netntlm',
  'netntlmv2',
  'mscash2',
  'office',
  'ansible',
];

/** Hashes of passwords: who has one guesses the password at leisure. */
export const HASHES: readonly Rule[] = [
  {
    id: 'password-hash',
    keywords: [...CRYPT, ...TICKETS].map((id) => `$${id.toLowerCase()}$`),
    pattern: new RegExp(
      `\\$(?:${CRYPT.filter((id) => id.length < 12).join('|')}|pbkdf2-sha256|pbkdf2-sha512|bcrypt-sha256)\\$(?=[^\\x00-\\x20:./A-Za-z]{0,24}[./A-Za-z])[A-Za-z0-9./=,$+_-]{20,400}|\\$(?:${TICKETS.join('|')})\\$[^\\x00-\\x20"'<>]{20,4000}`,
      'dgi',
    ),
    examples: [made('root:$6', '$saltsalt$', 'abcdefghijklmnopqrstuvwxyz0123456789./ABCDEFGH', ':19000:0')],
    counterExamples: ['$1 and $2', 'costs $5$'],
  },
  {
    id: 'ldap-hash',
    keywords: [
      '{ssha',
      '{sha',
      '{smd5}',
      '{md5}',
      '{crypt}',
      '{pbkdf2',
      '{x-',
      '{bcrypt}',
      '{argon2',
      '{scrypt}',
    ],
    pattern:
      /\{(?:S?SHA(?:256|384|512)?|S?MD5|CRYPT|PBKDF2(?:-SHA\d{1,3})?|ARGON2(?:id?|d)?|bcrypt|scrypt|X-[A-Z0-9-]{1,20})\}(?<secret>[A-Za-z0-9+/=.$,]{13,400})/dgi,
    examples: [made('{SSHA}', 'DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3')],
    counterExamples: ['{sha}', '{SHA256} of the file'],
  },
  {
    id: 'framework-hash',
    keywords: ['pbkdf2_sha', 'pbkdf2:sha', 'bcrypt_sha256$', 'sha1$', 'scrypt:', 'scram-sha-', 'md5$'],
    pattern:
      /(?:pbkdf2_sha(?:1|256|512)\$|pbkdf2:sha(?:1|256|512):|bcrypt_sha256\$|scrypt:\d{1,8}:\d{1,3}:\d{1,3}\$|SCRAM-SHA-(?:1|256)\$|(?<![\w-])(?:sha1|md5)\$[A-Za-z0-9]{5,22}\$)[A-Za-z0-9+/=.$:]{20,300}/dg,
    examples: [
      made('pbkdf2_sha256$', '260000$', 'abcdefghijklmnop$', 'ABCDEFGHIJKLMNOPqrstuvwxyz0123456789='),
    ],
    counterExamples: ['pbkdf2_sha256$ is slow', 'SCRAM-SHA-256 authentication'],
  },
  {
    // crypt(5): shadow(5) lines, and the old 13 characters of htpasswd behind a name.
    id: 'shadow-hash',
    keywords: [':::', ':0:99999'],
    pattern:
      /(?<![\w.-])[a-z_][\w.-]{0,31}\$?:(?<secret>(?![!*x]{1,2}:)[A-Za-z0-9./$=,+!]{13,300}):\d{1,8}:\d{0,8}:\d{0,8}:/dg,
    examples: [made('bob:', 'abJnggxhB/yWI', ':19000:0:99999:7:::')],
    counterExamples: [
      'root:*:19000:0:99999:7:::',
      'daemon:x:1:1:daemon:/:/bin/sh',
      'root:!:19000:0:99999:7:::',
    ],
  },
  {
    // pwdump: user, number, LM hash, NT hash.
    id: 'nt-hash',
    keywords: [':::'],
    pattern: /:\d{1,10}:(?<secret>[a-f0-9]{32}:[a-f0-9]{32}):::/dgi,
    examples: [
      made('Administrator:500:', 'aad3b435b51404eeaad3b435b51404ee:', '31d6cfe0d16ae931b73c59d7e0c089c0:::'),
    ],
    counterExamples: ['a:::b', ':500::::::'],
  },
];
