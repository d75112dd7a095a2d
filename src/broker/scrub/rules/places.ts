import type { Rule } from './rule.ts';

const made = (...parts: string[]): string => parts.join('');
/** Names that say that a secret follows; the word may be a part of a longer name (`DB_PASSWORD`). */
const SECRET_NAME =
  '(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|apikey|access[_-]?key|private[_-]?key|client[_-]?secret|credentials?)';
const KEYWORDS = [
  ...['password', 'passwd', 'passphrase', 'pwd', 'secret', 'token', 'credential'],
  ...['api', 'access', 'private'].flatMap((kind) => [`${kind}key`, `${kind}_key`, `${kind}-key`]),
];
const HASHES = [
  '1',
  '2a',
  '2b',
  '2x',
  '2y',
  '5',
  '6',
  '7',
  'y',
  'gy',
  'apr1',
  'argon2i',
  'argon2d',
  'scrypt',
];

/** Places in which a secret stands, whatever it looks like. */
export const PLACE_RULES: readonly Rule[] = [
  {
    id: 'url-password',
    keywords: ['://'],
    pattern: /\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:@/"'<>]{0,100}:(?<secret>[^\s@/"'<>[]{1,256})@/dgi,
    examples: [made('postgres://app:', 's3cr3t-pass', '@db.example/x')],
    counterExamples: ['https://example.com:8080/path', 'https://user@example.com/'],
  },
  {
    id: 'authorization-header',
    keywords: ['authorization'],
    pattern:
      /\b(?:proxy-)?authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:(?:basic|bearer|token|digest|negotiate)\s{1,4})?(?<secret>[A-Za-z0-9+/=._~-]{8,4096})/dgi,
    examples: [made('Authorization: Bearer ', 'abcdef0123456789')],
    counterExamples: ['authorization failed', 'Authorization: none'],
  },
  {
    id: 'cookie-header',
    keywords: ['cookie'],
    pattern: /\b(?:set-)?cookie\s{0,4}:\s{0,4}(?<secret>[^\s][^\r\n]{3,8000})/dgi,
    examples: [made('Set-Cookie: ', 'sid=0123456789abcdef; Path=/')],
    counterExamples: ['a cookie jar'],
  },
  {
    id: 'npmrc-token',
    keywords: ['_authtoken', '_auth', '_password'],
    pattern: /:_(?:authToken|auth|password)\s{0,4}=\s{0,4}(?<secret>[^\s[$]{8,1024})/dgi,
    examples: [made('//registry.example/:_auth', 'Token=0123456789abcdef')],
    counterExamples: [made(':_auth', 'Token=${NPM}')],
  },
  {
    id: 'netrc-password',
    keywords: ['machine'],
    pattern:
      /\bmachine\s{1,4}\S{1,253}\s{1,4}login\s{1,4}\S{1,128}\s{1,4}password\s{1,4}(?<secret>[^\s[]\S{0,255})/dgi,
    examples: [made('machine example.com login bob password ', 'swordfish1')],
    counterExamples: ['machine learning'],
  },
  {
    id: 'password-hash',
    keywords: HASHES.map((hash) => `$${hash}$`),
    pattern: /\$(?:1|2[abxy]|5|6|7|y|gy|apr1|argon2(?:id?|d)|scrypt)\$[A-Za-z0-9./=,$+]{20,300}/dg,
    examples: [made('root:$6', '$saltsalt$', 'abcdefghijklmnopqrstuvwxyz0123456789./ABCDEFGH', ':19000:0')],
    counterExamples: ['$1 and $2', 'costs $5$'],
  },
  {
    id: 'assigned-secret',
    keywords: KEYWORDS,
    pattern: new RegExp(
      `${SECRET_NAME}[A-Za-z0-9_]{0,20}["']?\\s{0,4}(?:=|:=|=>|:)\\s{0,4}["']?(?<secret>(?!(?:null|none|true|false|undefined|changeme|example|redacted|placeholder|required|optional|string|xxx)\\b)[^\\s"',;<>{}$*()\\[\\]]{6,512})`,
      'gid',
    ),
    examples: [made('DB_PASSWORD=', 'hunter2-hunter2'), made('"api_key": "', '9f8e7d6c5b4a"')],
    counterExamples: [
      'password: ',
      'Failed password for root from 10.0.0.1',
      'password=********',
      'token=${TOKEN}',
      'secret: null',
    ],
  },
];
