import type { Rule } from '../rule.ts';
import { made } from './made.ts';

/** Between a header's name and its value: as it is sent, as JSON, as a list of two, as code. */
const BEHIND_NAME = `(?:\\\\{0,7}["'\`])?[\\])]?[ \\t]{0,4}(?::|=>|={1,2}|,|->|%3a)[ \\t]{0,4}[[(]?[ \\t]{0,2}(?!redacted:[\\w.-]{1,64}\\])[bfru$@]?(?:\\\\{0,7}["'\`])?(?:%20|\\+)?`;
const SCHEMES =
  'basic|bearer|token|digest|negotiate|ntlm|apikey|api-key|api-token|key|splunk|genie(?:key)?|ssws|oauth|hawk|aws4-hmac-sha256|sharedkey(?:lite)?|sharedaccesssignature|bot|client-id|pat|jwt|discogs|vault|dapr|zoho-oauthtoken|klaviyo-api-key|private-token|user-token|secret|mac|dpop|aws|goog4?|nostr|sso-key';
const VALUE =
  '(?<secret>(?![$%{<*[.#])(?!(?:null|none|undefined|true|false|basic|bearer|required|invalid|missing)\\b)[^\\x00-\\x20"\'`\\\\,;<>{}()[\\]]{6,4096}';

/** Headers that carry credentials (RFC 9110 section 11, RFC 6265). */
export const HEADERS: readonly Rule[] = [
  {
    id: 'authorization-header',
    keywords: ['authorization', 'x-auth'],
    pattern: new RegExp(
      `(?<![a-z])(?:proxy-|x-)?(?:forwarded-)?authorization${BEHIND_NAME}(?:(?:${SCHEMES})(?:[ \\t]{1,4}|%20|\\+|:)(?:(?:token|username|credential)=\\\\{0,3}"?)?)?${VALUE})(?!\\()`,
      'dgi',
    ),
    allow:
      /^(?:[A-Za-z_$][\w$]{0,60}(?:(?:\.|->|::)[A-Za-z_$][\w$]{0,60}){1,8}|(?:[A-Z]?[a-z_-]{1,40}|(?:[A-Z][a-z]{1,20}-){1,4}[A-Z][a-z]{1,20}|[A-Z_-]{1,40}|[A-Za-z][a-z]{2,30}(?:[A-Z][a-z]{2,30}){1,4})(?:[:/][A-Za-z_-]{1,40})?|\.{3,}|[xX*.]{4,100}|[A-Za-z_-]{0,40}(?:your|example|placeholder|token)[A-Za-z_-]{0,40})$/,
    examples: [
      made('Authorization: Bearer ', 'abcdef0123456789'),
      made('"Authorization", "Bearer ', 'abcdef0123456789"'),
    ],
    counterExamples: [
      'authorization failed',
      'Authorization: none',
      'Authorization: Bearer <token>',
      'Authorization: Bearer ${TOKEN}',
      'authorization: user.headers.authorization',
    ],
  },
  {
    id: 'bearer-token',
    keywords: ['bearer'],
    pattern: /(?<![a-z])bearer[ \t]{1,4}(?<secret>(?=[a-z_./+=-]{0,60}\d)[\w.~+/=-]{16,4096})/dgi,
    minimumEntropy: 3,
    examples: [made('auth = "Bearer ', 'abcdef0123456789XYZ"')],
    counterExamples: ['bearer token', 'the bearer authentication-scheme-registry'],
  },
  {
    id: 'basic-credentials',
    keywords: ['basic'],
    pattern:
      /(?<![A-Za-z])(?:[Bb]asic|BASIC)[ \t]{1,4}(?<secret>(?=[a-z+/]{0,100}[\dA-Z=])(?:[A-Za-z0-9+/]{4}){3,400}(?:[A-Za-z0-9+/]{2,3}={0,2})?)(?![\w+/.-])/dg,
    examples: [made('basic ', 'dXNlcjpwYXNzd29yZDEyMw==')],
    counterExamples: ['basic authentication', 'basic understanding'],
    minimumEntropy: 3,
  },
  {
    id: 'cookie-header',
    keywords: ['cookie'],
    pattern:
      /(?<![a-z-])(?:set-)?cookie2?(?:\\{0,7}["'`])?[ \t]{0,4}[:,][ \t]{0,4}(?:\\{0,7}["'`])?(?<secret>(?=[^\x00-\x20"'\\]{1,200}=[^\x00-\x20]|[^\x00-\x20"'\\<]{16}|\[REDACTED:)(?:(?<=^.{0,4}cookie2?:[ \t]{0,4})[^\r\n]{4,8000}|[^"'\r\n\\]{4,8000}))/dgi,
    allow:
      /^[A-Za-z_.-]{1,100},?$|^[\w.-]{1,100}=(?:deleted|true|false|null|\$[\w{(].{0,200}|<.{0,200}|\{.{0,200})$/,
    examples: [made('Set-Cookie: ', 'sid=0123456789abcdef; Path=/')],
    counterExamples: ['a cookie jar', 'Cookie: <none>', 'cookie: required'],
  },
  {
    // RFC 6265 has no such name, but what frameworks call the cookie of a session is known.
    id: 'session-cookie',
    keywords: ['sessid', 'sessionid', 'session_id', 'connect.sid', '_session', 'remember_'],
    pattern:
      /(?<![a-z])(?:phpsessid|jsessionid|asp\.net_sessionid|connect\.sid|sessionid|[a-z]{1,20}_session|laravel_session|remember_\w{1,60})=(?<secret>[\w.%+/=:-]{16,2000})/dgi,
    minimumEntropy: 3,
    examples: [made('PHPSESSID=', '0a1b2c3d4e5f6071829304a5b6')],
    counterExamples: ['sessionid=1', 'my_session=aaaaaaaaaaaaaaaaaaaaaaaa'],
  },
  {
    id: 'secret-header',
    keywords: [
      ...[
        '-api-key',
        '-apikey',
        '-auth-',
        '-access-token',
        '-token',
        'private-token',
        '-secret',
        '-signature',
      ],
      ...['-auth-key', '-app-key', '-api-token', '-art-api', '-csrf', '-key:', '-key"', "-key'"],
    ],
    pattern: new RegExp(
      `(?<![a-z])(?:x-[a-z-]{0,40}(?:api-?key|auth(?:entication|orization)?-?(?:token|key|user-token)?|access-token|token|secret|app-?key|art-api|security-token|master-key|functions-key)|(?:private|job|deploy|circle|user|client|api|auth|access|gitlab|jenkins|vault|dd|new-?relic|fastly|xc|ocp-apim-subscription)-(?:token|key|api-key|secret|application-key))${BEHIND_NAME}${VALUE})(?!\\()`,
      'dgi',
    ),
    allow:
      /^(?:[A-Za-z_$][\w$]{0,60}(?:(?:\.|->|::)[A-Za-z_$][\w$]{0,60}){1,8}|(?![a-z]{16,})[A-Za-z]{1,40}(?:[-_:/.][A-Za-z]{1,40}){0,8}|\d{1,9}|[xX*.]{4,100}|[a-z]{1,10}:\/\/.{0,300}|\/.{0,300})$/,
    examples: [made('X-Api-Key: ', '0123456789abcdef'), made("-H 'PRIVATE-TOKEN: ", "abcdEFGH01234567'")],
    counterExamples: [
      'X-Auth-Token: <token>',
      'X-Auth-Token: [REDACTED:secret-header]',
      'x-api-key: your-api-key',
      'X-Api-Key: $API_KEY',
    ],
  },
];
