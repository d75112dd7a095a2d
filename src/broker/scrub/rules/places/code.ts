import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { NO_PASSWORD, NO_TOKEN, QUOTED } from './value.ts';
import { LONG_PASSWORD, LONG_PASSWORD_KEYWORDS, nameEnd, PASSWORD, TOKEN, TOKEN_KEYWORDS } from './words.ts';

/**
 * `#define PASSWORD "x"`, `password "x"` of Gradle and Ruby: nothing between name and value but blanks, and nothing behind
 * them, in the first statement of a line.
 */
const blanks = (name: string): RegExp =>
  new RegExp(
    `${name}(?<=^[^"'\\r\\n]{0,80})${nameEnd('[ \\t]')}[ \\t]{1,30}[@LNu]?${QUOTED}["'\`]?(?=[ \\t]{0,8}(?:[;,)}]|$|//|#|/\\*))`,
    'dg',
  );

/** Places in source code that are no assignment. */
export const CODE: readonly Rule[] = [
  {
    id: 'compared-secret',
    keywords: ['" ==', "' ==", '" !=', "' !=", '"==', "'==", '"!=', "'!="],
    pattern: new RegExp(
      `(?:"(?<secret>[^"\\r\\n]{3,256})"|'(?<secret>[^'\\r\\n]{3,256})')[ \\t]{0,3}[!=]==?[ \\t]{0,3}[\\w.$>-]{0,60}?(?:${PASSWORD}|${TOKEN})${nameEnd('')}`,
      'dg',
    ),
    allow: NO_TOKEN,
    examples: [made('if ("', 'swordf1sh!" == password)')],
    counterExamples: ['if ("" == password)', 'if ("string" === typeof password)'],
  },
  {
    id: 'declared-password',
    keywords: LONG_PASSWORD_KEYWORDS,
    pattern: blanks(LONG_PASSWORD),
    allow: NO_PASSWORD,
    examples: [],
    counterExamples: ['password "is wrong"', 'Password "Password"'],
  },
  {
    id: 'declared-token',
    keywords: TOKEN_KEYWORDS,
    pattern: blanks(TOKEN),
    allow: NO_TOKEN,
    examples: [],
    counterExamples: ['secret "db-creds" created', 'token "x" rejected'],
  },
  {
    // `aws configure set aws_secret_access_key X`, tables of tools: nothing between them but blanks.
    id: 'spaced-token',
    keywords: TOKEN_KEYWORDS,
    pattern: new RegExp(
      `${TOKEN}${nameEnd('[ \\t]')}[ \\t]{1,20}(?<secret>(?=[A-Za-z_/+=.-]{0,30}\\d)(?=[^A-Z\\x00-\\x20]{0,40}[A-Z])(?=[^a-z\\x00-\\x20]{0,40}[a-z])[\\w+/=!.-]{20,1024})`,
      'dg',
    ),
    minimumEntropy: 3.5,
    allow: NO_TOKEN,
    examples: [made('Client Secret    ', 'wJ4lrXUtnFEMIzK7MDENGz', 'bPxRfiCYzzzzzzzKEY')],
    counterExamples: ['using RSA key SHA256:9f86d081884c7d659a2feaa0c55ad015', 'token is refreshed'],
  },
  {
    // The third argument of DirectoryEntry, the second of a user's credentials.
    id: 'credentials-in-code',
    keywords: [
      'directoryentry',
      'usernamepassword',
      'passwordauthentication',
      'basicauth',
      'httpbasicauth',
      'basiccredentials',
      '.login(',
      '.auth(',
      'auth=(',
    ],
    pattern:
      /(?:DirectoryEntry\([ \t]{0,2}["'][^"'\r\n]{0,200}["'],[ \t]{0,2}@?["'][^"'\r\n]{0,128}["']|(?:UsernamePassword\w{0,30}|PasswordAuthentication|HTTPBasicAuth|[Bb]asic_?[Aa]uth\w{0,20}|BasicAWSCredentials|BasicCredentials?|SetBasicAuth|\.login|\.[aA]uth|\bauth=)\([ \t]{0,2}["'][^"'\r\n]{0,128}["']),[ \t]{0,2}@?(?:"(?<secret>[^"\r\n]{3,256})"|'(?<secret>[^'\r\n]{3,256})')/dg,
    allow: NO_PASSWORD,
    examples: [made('requests.get(u, auth=HTTPBasicAuth("bob", "', 'swordfish1"))')],
    counterExamples: ['HTTPBasicAuth("bob", password)', "basicAuth('admin', process.env.PASS)"],
  },
];
