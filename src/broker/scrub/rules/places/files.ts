import type { Rule } from '../rule.ts';
import { made } from './made.ts';
import { NO_PASSWORD } from './value.ts';

/** Lines of files that hold credentials. */
export const FILES: readonly Rule[] = [
  {
    id: 'npmrc-token',
    keywords: ['_authtoken', '_auth', '_password', 'npmauthtoken', 'npmauthident'],
    pattern:
      /(?:[:/]_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}"?|(?<![\w.-])_(?:authToken|auth|password)[ \t]{0,4}=[ \t]{0,4}"?|npmAuth(?:Token|Ident):[ \t]{1,4}["']?)(?<secret>[^\x00-\x20[$"'<{][^\x00-\x20"']{7,1023})/dgi,
    allow: /^(?:[a-z_]{1,40}\.){1,4}[a-z_]{1,40}$|^(?:npm_)?x{4,100}$|^.{0,60}\$\{.{0,200}$|^your.{0,60}$/i,
    examples: [made('//registry.example/:_auth', 'Token=0123456789abcdef')],
    counterExamples: [made(':_auth', 'Token=${NPM}')],
  },
  {
    // netrc(5): the file's words may stand in one line.
    id: 'netrc-password',
    keywords: ['machine', 'login'],
    pattern:
      /(?<![\w-])(?:machine[ \t]{1,4}[^\x00-\x20]{1,253}|default)[ \t]{1,8}(?:(?:login|account)[ \t]{1,4}[^\x00-\x20]{1,128}[ \t]{1,8}){0,2}password[ \t]{1,4}(?<secret>(?!\[REDACTED)[^\x00-\x20"'`]{1,256})/dgi,
    allow: /^(?:\{.{0,200}|\$[\w{(].{0,200}|<.{0,100}|\*{3,100})$/,
    examples: [made('machine example.com login bob password ', 'swordfish1')],
    counterExamples: ['machine learning', 'the machine asks for a password'],
  },
  {
    // A line of netrc, Cisco's, Redis' and other configurations: a name, blanks, a value, and nothing more.
    id: 'config-password',
    keywords: [
      'password',
      'passwd',
      'secret',
      'requirepass',
      'masterauth',
      'pass',
      'community',
      'passphrase',
    ],
    pattern:
      /^[ \t]{0,40}(?:(?:username|user|enable|neighbor)[ \t][^\x00-\x20]{0,60}[ \t]{0,2}(?:privilege \d{1,2} )?)?(?:(?:[\w.-]{0,60}[_.-])?(?:password|passwd|passphrase|pass)|requirepass|masterauth|(?<=enable )secret|(?<=username [^\x00-\x20]{1,60} )secret|secret(?= [0-9] ))[ \t]{1,30}(?:(?:encrypted|level|sha512|[0-9])[ \t]{1,4})?(?:(?<secret>(?=[A-Za-z_.-]{0,60}[\d!#$%&*+^~@?=/])[^\x00-\x20"']{4,256})|(?<=^[ \t]{1,40}password[ \t]{1,8})(?<secret>[a-z]{4,40}))[ \t\r]{0,8}$/dg,
    allow: NO_PASSWORD,
    examples: [],
    counterExamples: [
      'password required',
      'password changed.',
      'password [success=1 default=ignore] pam_unix.so',
    ],
  },
  {
    // Names of one service that say a password whatever stands behind them: OpenLDAP, Redis, keepalived, AAA of Cisco.
    id: 'service-password',
    keywords: [
      'rootpw',
      'bindpw',
      'requirepass',
      'masterauth',
      'auth_pass',
      'connection.password',
      '-server ',
    ],
    pattern:
      /(?<!\w)(?:rootpw|bindpw|requirepass|masterauth|auth_pass|connection\.password|(?:tacacs|radius)-server [^"'\r\n]{0,80}?\bkey(?: \d)?)[ \t]{1,20}(?:"(?<secret>[^"\r\n]{3,256})"|(?<secret>[^\x00-\x20"'#=:][^\x00-\x20"'|;]{2,255}))/dg,
    allow: NO_PASSWORD,
    examples: [made('rootpw ', 'swordfish1'), made('radius-server host 10.0.0.1 key ', 'swordfish1')],
    counterExamples: ['rootpw <password>', 'requirepass ${REDIS_PASSWORD}'],
  },
  {
    id: 'recovery-phrase',
    keywords: ['mnemonic', 'seed phrase', 'seed_phrase', 'seedphrase', 'recovery phrase', 'recovery_phrase'],
    pattern:
      /(?:mnemonic|(?:seed|recovery)[ _-]?phrase)(?: is)?["'\]]{0,2}[ \t]{0,4}[:=]{0,2}[ \t]{0,4}["'`]?(?<secret>[a-z]{3,8}(?: [a-z]{3,8}){11,23})(?![\w])/dgi,
    examples: [
      made('mnemonic: "', 'legal winner thank year wave sausage worth useful legal winner thank', ' yellow"'),
    ],
    counterExamples: ['the mnemonic is a list of twelve words'],
  },
  {
    // A member of a configuration that has a word alone as its value.
    id: 'config-member-password',
    keywords: ['password', 'passwd', 'passphrase', 'pass:', 'pass =', '_pass', 'pwd'],
    pattern:
      /^[ \t]{0,40}(?:-[ \t]{1,4})?["']?[\w.-]{0,60}?(?:password|passwd|passphrase|pwd|(?<![A-Za-z])pass|PASSWORD|PASSWD|PWD|(?<![A-Za-z])PASS|Password|Pwd)["']?[ \t]{0,30}(?::|=)[ \t]{1,20}(?<secret>[A-Za-z][a-z_.-]{3,60}(?: [a-z]{1,30}){0,4})[ \t\r]{0,8}(?:#.{0,200})?$/dg,
    allow: new RegExp(
      `${NO_PASSWORD.source}|^(?:[A-Z][a-z]{1,30}|[a-z]{1,40}(?:\\.[a-z_]{0,40}){1,6}|.{0,60}(?:pass|pwd|secret|token|user|input|config|conf|arg|param|value|env|get|new|old|hash|str|text|field|data|self|this|default|key|result|response|request|var|opt|cred).{0,40})$`,
    ),
    examples: [],
    counterExamples: ['password: string', 'password: required', 'password = args_password', 'Password: '],
  },
  {
    // ~/.pgpass: host:port:database:user:password.
    id: 'pgpass-password',
    keywords: [':5432:', ':*:', ':5433:', ':6432:', ':5439:'],
    pattern:
      /(?<![^\x00-\x20"'])(?:[\w.-]{1,253}|\*):(?:\d{1,5}|\*):(?:[\w.-]{1,63}|\*):(?:[\w.@-]{1,63}|\*):(?<secret>(?![$<{*])[^\x00-\x20"']{3,256})/dg,
    allow: /^[\d:*]{1,256}$/,
    examples: [made('db.example:5432:app:bob:', 'swordfish1')],
    counterExamples: ['db.example:5432:app', '*:5432:*:*:$PASS'],
  },
  {
    // ~/.docker/config.json: base64 of user:password; `identitytoken` is behind a token's name.
    id: 'docker-auth',
    keywords: ['auth"', 'auths', 'auth\\"', 'eyjhdxrocyi6'],
    pattern:
      /(?:\\{0,7}"auth\\{0,7}"[ \t]{0,4}:[ \t]{0,4}\\{0,7}"(?<secret>[A-Za-z0-9+/]{8,2000}={0,2})\\{0,7}"|(?<![A-Za-z0-9+/])(?<secret>eyJhdXRocyI6[A-Za-z0-9+/]{12,4000}={0,2}))/dg,
    examples: [made('"auths":{"r.example":{"auth":"', 'Ym9iOnN3b3JkZmlzaDE="}}')],
    counterExamples: ['"auth": "basic"', '"auth": "none"'],
  },
  {
    // htpasswd with MD5 and bcrypt is among the hashes; this is base64 of a private key, as in Kubernetes' secrets.
    id: 'encoded-private-key',
    keywords: ['ls0tls1crudjtib', 'ls0tls1crudjtit', 'ls0tls1crudjtie', 'ls0tls1crudjtir'],
    pattern:
      /(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtFWS|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRV|BEU0EgUFJJVkFURSBLRV|BQR1AgUFJJVkFURSBLRV)[A-Za-z0-9+/]{10,8000}={0,2}/dg,
    examples: [made('tls.key: LS0tLS1CRUdJTi', 'BQUklWQVRFIEtFWS', '0tLS0tCk1JSUV2QUlCQURBTkJna3Foa2lHOXcw')],
    counterExamples: ['tls.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUQ='],
  },
  {
    // PKCS #12 (RFC 7292, section 4): a PFX of version 3 that holds data (OID 1.2.840.113549.1.7.1), as bytes or as UTF-8
    // that was made of them with replacement characters. Keys stand in it.
    id: 'pkcs12-file',
    keywords: ['\x02\x01\x030'],
    pattern:
      /\x02\x01\x030(?:[\x80-\x84]|\xef\xbf\xbd)[\x00-\xff]{1,8}\x06\t\*(?:\x86|\xef\xbf\xbd)H[^ ]{0,4096}/dg,
    examples: [made('0\u0082\t\x7f\x02\x01\x030', '\ufffd\t5\x06\t*', '\ufffdH\ufffd\ufffd\r\x01\x07\x01')],
    counterExamples: ['\x02\x01\x030'],
  },
  {
    id: 'snmp-community',
    keywords: ['snmp-server community', 'rocommunity', 'rwcommunity'],
    pattern:
      /(?:snmp-server community|r[ow]community6?)[ \t]{1,8}(?<secret>(?!public\b|private\b|\$|<)[^\x00-\x20]{3,128})/dg,
    examples: [made('snmp-server community ', 'n0tPubl1c', ' RO')],
    counterExamples: ['rocommunity public', 'snmp-server community <string>'],
  },
];
