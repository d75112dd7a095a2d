import { caseless } from './caseless.ts';
import { endings } from './endings.ts';

/*
 * Word lists that the rules for places share, as sources of patterns. Case counts where it alone tells where a word
 * begins, as in `dbPass`.
 */

const any = (words: string): string => words.trim().split(/\s+/).join('|');

/** @param shortest names that are too short to be tried for every form in which a password may stand */
const password = (shortest: string): string =>
  `(?:${caseless('passwor(?:d|t)|passwd|passphrase|passcode|passwrd|psswd|pswd|pwd|contrase(?:n|\\u00c3\\u00b1)a|senha|kennwort|requirepass|masterauth')}` +
  // Short names are words of their own; "PASS: TestName" and "pass: 12" are what test runners say.
  `|(?:(?:pass|psk|PSK)(?<![A-Za-z](?:pass|psk|PSK))|PASS(?:(?<=[_-]PASS)|(?=[ \\t]?=)(?<![A-Za-z]PASS))|Pass(?<=[a-z0-9]Pass)${shortest})` +
  '(?![A-Za-z]|[ \\t]{0,2}[=:][ \\t]{0,2}\\d{1,9}(?!\\w)))';
/** What people call a password, also in other languages; it may be a part of a longer name (`DB_PASSWORD`). */
export const LONG_PASSWORD = password('');
export const PASSWORD = password('|[_$ "\'.-](?:pw|PW)');
/** Each match begins with one of them, so that no other places need to be tried. */
export const LONG_PASSWORD_KEYWORDS = [
  ...['pass', 'psswd', 'pswd', 'pwd', 'psk', 'contrase', 'senha', 'kennwort', 'requirepass', 'masterauth'],
];
export const PASSWORD_KEYWORDS = [
  ...LONG_PASSWORD_KEYWORDS,
  ...['_', '$', ' ', '"', "'", '.', '-'].map((before) => `${before}pw`),
];

/** A key of these kinds is a secret. */
const KINDS = any(`
  api app application access account admin auth authentication aws bearer bot client consumer cookie crypt customer data
  deploy deployment encrypt encryption decryption gateway hmac integration jwt license licence login master merchant oauth
  oauth2 pre_?shared private project registration root rsa secret security sas server service session shared sharing sign
  signing signature site ssh storage stream subscription trial user vault webhook write writer
`);
/** Tokens of these kinds are none: pages of lists, parsers' errors, and what every visitor of a page gets. */
const NO_TOKENS = any(
  'public csrf xsrf authenticity verification next page paging continuation sync unexpected invalid bad illegal expected start end stop special eos bos pad unk',
);
export const TOKEN =
  `(?:${caseless('token|secrete?(?!s)|credentials?')}(?<!${endings(NO_TOKENS)}[_. -]?${caseless('token')})` +
  `|(?:[Kk]ey|KEY)(?<=${endings(KINDS)}[_. -]?${caseless('key')})` +
  `|${caseless('creds?')}(?<![A-Za-z]${caseless('creds?')})(?![A-Za-z]))`;
export const TOKEN_KEYWORDS = ['token', 'secret', 'cred', 'key'];

/** Names that say a secret only where the value looks like one. */
const NO_KEYS = any(
  'public pub next prev previous verify cache primary foreign partition sort index row hash unique lookup object s3 map dict host known idempotency routing group sha1 sha256 dedup shift arrow hot press function short',
);
const RANDOM_WORDS = caseless('auth|pat|sig|signature|salt|seed|jwt|bearer|cookie|mnemonic');
export const RANDOM =
  `(?:(?:[Kk]ey|KEY)(?<!${endings(NO_KEYS)}[_. -]?${caseless('key')})(?<=[\\w.-]key|[a-z0-9]Key|[\\w.-]KEY)` +
  `|${RANDOM_WORDS}(?:(?<![A-Za-z]${RANDOM_WORDS})|(?<=[a-z0-9][A-Z][a-z]{1,12}))(?![a-z]))`;
export const RANDOM_KEYWORDS = [
  'key',
  'auth',
  'pat',
  'sig',
  'salt',
  'seed',
  'jwt',
  'bearer',
  'cookie',
  'mnemonic',
];

/** A name that ends in one of these tells about a secret and is none: `password_length`, `tokenUrl`. */
const ABOUT = endings(
  any(`
  ids? names? types? ur[il]s? uris? paths? files? filename dir directory length len size count counter min max limit
  expir(?:y|es|ed|ation|e)(?:_?(?:at|in|date|time))? ttl age lifetime timeout polic(?:y|ies) regexp? pattern format rules?
  labels? fields? inputs? hint placeholder text title prompt messages? msg errors? err description desc help tooltip
  required enabled? disabled? changed change reset forgotten forgot valid validat(?:ion|or|e|ed) authentication endpoint
  address hosts? issuer audience scopes? status state index idx position pos offset lines? col columns? version alg
  algorithm methods? providers? managers? stores? vaults? ref(?:s|erences?)? selectors? class(?:es)? elements? el
  btn buttons? links? pages? views? forms? routes? headers? param(?:eter)?s? args? arguments? var(?:iable)?s? env
  prop(?:erty|erties|s)? attr(?:ibute)?s? options? mode strength encoder generator helper handler controller callback
  factory builder interface requests? responses? results? info settings? config(?:uration)? templates? budget usage used
  left remaining bucket rings? sources? owner users? username emails? dialog screen components? modules? plugins?
  middleware repositor(?:y|ies) models? schemas? dto entit(?:y|ies) tables? exists missing mismatch incorrect invalid
  dates? time(?:stamp)? _at _on _by prefix suffix kind labels? note filter fn func function check(?:er|ed|s)? match
  confirmed needed allowed style icon color total process(?:or|ing) pars(?:er|ing) count(?:er|s) iz(?:er|ed|e) checksum digest
  fingerprint sha256 md5 rotation engine backend namespace accessor operation annotations? encrypted mount volume
`),
);

/**
 * The rest of a name up to its end, unless that says that no secret follows; several secrets are a list.
 * @param next what stands behind it, which is looked at first since it costs least
 */
export const nameEnd = (next: string): string =>
  `(?![sS](?![A-Za-z]))[\\w-]{0,30}(?![\\w-])(?=${next})(?<!${ABOUT})`;

/** Whole values that stand for a secret, or for none. */
export const NO_VALUE = any(`
  null none nil true false undefined nan yes no on off string str text bytes? buffer var char varchar int integer number
  bool boolean object any unknown void empty required optional redacted masked hidden censored filtered removed secret
  protected private public default missing invalid incorrect wrong expired expires accepted rejected denied set unset
  changed unchanged updated reset enabled disabled provided unexpected expected forbidden found generated encrypted
  prompt ask n\\/a na tbd todo fixme xxx+ placeholder example your(?:s|self)? here value values ok okay failed fail failure
  success error errors warning must should cannot is was has does not too the an? please enter insert
  password passwd passphrase token credentials? api_?key username user short
`);
