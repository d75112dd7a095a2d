import { neededSigns } from '../../needed-signs.ts';
import { caseless } from './caseless.ts';
import { NO_VALUE } from './words.ts';

/** Lines are latin1: white space is that of ASCII alone, since 0xa0 may be a part of a UTF-8 character. */
export const BLANK = '[ \\t]';

/** Quotes as they are, and as strings in JSON, HTML, URLs and JavaScript have them. */
const QUOTE = '(?:\\\\{0,7}["\'`]|&quot;|&#3[49];|%2[27]|\\\\u002[27])';
/** Ends a name: `"name"`, `['name']`, `name[]`, `name[25]`. */
export const CLOSED = `(?:\\[\\d{0,6}\\]|${QUOTE}?(?:[\\])](?<!\\[REDACTED:[\\w.-]{1,64}\\])){0,2})`;

/** From here on `"`, `'`, and so on; the rest of the line belongs to the secret where no quote ends it. */
export const QUOTED =
  '(?![\\\\"\'`]{1,8}[ \\t,+)])(?:"(?<secret>(?:[^"\\\\\\r\\n]|\\\\.){3,512})' +
  "|'(?<secret>(?:[^'\\\\\\r\\n]|\\\\.|''(?=\\w)){3,512})" +
  '|`(?![a-z]{2,20}[ \\t])(?<secret>(?:[^`\\\\\\r\\n]|\\\\.){3,512})' +
  '|\\\\{1,7}"(?<secret>(?:[^"\\\\\\r\\n]|\\\\{1,8}(?!["\\\\])){3,512})' +
  "|\\\\{1,7}'(?<secret>(?:[^'\\\\\\r\\n]|\\\\{1,8}(?!['\\\\])){3,512})" +
  '|(?:&quot;|&#3[49];|%2[27]|\\\\u002[27])(?<secret>[^&%\\\\"\'<\\x00-\\x20]{3,512}))';

/** What may stand between the sign of an assignment and a quoted value: kinds of strings, casts, decoders. */
export const BEFORE_QUOTED =
  '(?:(?:new[ \\t])?(?:\\[\\]byte|string|String|[Bb]uffer\\.from|Data|Optional\\.of|Some|optional|atob|str|bytes|(?:base64\\.)?b64decode|base64_decode|Secret(?:Str|String|Bytes)?|SecureString|encode|to_string|Just)\\(|!!?[a-z]{1,12}[ \\t])?[@$ubrfLNRBUF&]{0,2}';

/** A byte of a value without quotes: `;`, `,` and `&` end it where another member follows, or nothing. */
const BYTE =
  '(?:[^\\x00-\\x20"\'`;,&)\\]}>\\x7f]|[;,](?![\\x00-\\x20"\'`\\]})\\\\]|[A-Za-z_][\\w .-]{0,40}(?:[=:]|$)|$)|&(?![\\w.[\\]%-]{1,40}=|quot;|#3|lt;|gt;|amp;)|[)\\]}>](?![)\\]}>,;.:"\'`\\\\]{0,5}(?:[\\x00-\\x20<]|$)))';
const FIRST = '[^\\x00-\\x20"\'`;,&|<>(){}[\\]*=\\\\~?\\x7f]';
export const bare = (least: number): string => `(?<secret>${FIRST}${BYTE}{${least - 1},511})`;
/** One with a digit, or a sign that no word has. */
export const STRONG_BARE = (least: number): string =>
  `(?=[^\\x00-\\x20"'\`!#%@^$*+0-9]{0,60}(?:\\d|[!#%@^$*+](?=[^\\x00-\\x20"'.,;:)]))|[A-Za-z+/]{6,60}={1,2}(?![=\\w]))${bare(least)}`;

/** One with digits in more than two places is random. */
const IDENTIFIER = '[A-Za-z_$]{1,60}\\d{0,3}[A-Za-z_$]{0,12}\\d{0,3}';
const END = '[;,)\\]}>]{0,4}';
/** What names a value, and is none: variables, calls, templates, references to stores of secrets. */
const REFERENCE = [
  // Variables: $NAME, ${NAME}, $(command), %NAME%, @NAME@, __NAME__; templates.
  `["']?\\$[A-Za-z_(][\\w:.>\\[\\]'"-]{0,80}${END}`,
  '\\.?\\$[A-Za-z_]{2,60}[/.:[].{0,300}',
  '\\$?\\$[{(][\\w .:?!$(\'"-].{0,500}',
  '%[\\w.()-]{1,80}%?',
  '@[\\w.-]{1,80}@',
  '@[\\w.-]{1,20}',
  '.{0,40}(?:\\{\\{[^{}]{0,200}\\}\\}|<%[^%]{0,200}%>|\\{%[^%]{0,200}%\\}).{0,200}',
  '#?\\{[^{}]{0,200}\\}',
  '#\\{.{0,500}',
  '.{0,40}\\$\\{\\{?[\\w .:()?!-]{0,200}\\}{1,2}.{0,80}',
  '<[^>]{0,200}>?',
  '&lt;.{0,200}&gt;',
  '(?=[^#]{0,300}#)[#.]?[a-z]{1,30}(?:[-/][a-z]{1,30}){0,8}(?:#[a-z]{1,30})?(?<=[#-].{0,200})(?<=^(?:#.{0,200}|.{0,200}\\/.{0,200}#.{0,30}))',
  '\\[[^\\]]{0,200}\\]?',
  // Members, calls and elements: self.password, getPassword(), argv[1].
  `!?&?\\*?${IDENTIFIER}(?:(?:\\.|->|::|\\?\\.)${IDENTIFIER}){1,8}[!?]?${END}`,
  `!?&?\\*?[A-Za-z_$][\\w$.:>?-]{0,100}(?:\\(|\\[).{0,400}`,
  // Objects as they are printed: Token{a64f992, BinderProxy@2bd79ce, 0x7ffd1c20; names of bundles; colours.
  '[A-Z][A-Za-z.]{2,60}\\{.{0,400}',
  '(?:[\\w$]{1,40}\\.){0,8}[A-Za-z$]{3,60}@[\\da-f]{5,16}',
  '0x[\\dA-Fa-f]{3,16}[,;)]?',
  '(?:[A-Za-z][A-Za-z-]{0,30}\\.){2,8}[A-Za-z][\\w-]{0,30}(?:\\/\\d{1,10})?:?',
  '#[\\dA-Fa-f]{3,8}',
  '[\\w.-]{1,60}:\\/[\\w./-]{0,200}`?',
  '\\*\\*[A-Z ]{3,40}\\*\\*',
  '[A-Za-z_][\\w.]{0,80}[+*/%-][A-Za-z_][\\w.]{0,80}\\(.{0,300}',
  // Types: Option<String>, string[].
  '[A-Za-z][\\w.:]{0,60}<[\\w.:<>, ]{0,100}>?[?!]?',
  '(?=[^\\]?!]{1,45}[\\]?!])(?:[A-Z][A-Za-z.:]{0,40}!?|[A-Za-z.:]{1,40}(?:\\[\\]|\\?))(?<=[\\]?!])[;,]?',
  // Paths and addresses.
  '(?:~|\\.{1,2}|[A-Za-z]:)?(?:\\/|\\\\{1,2})(?:[\\w.@ -]{1,40}(?:\\/|\\\\{1,2})){0,12}[\\w.@ *-]{0,40}[;:,]?',
  '[a-z][a-z0-9+.-]{1,20}:\\/\\/.{0,500}',
  'arn:.{0,300}',
  '(?:op|vault|secretsmanager|ssm|projects|awskms|gcpkms|azurekms|azure-keyvault|file|env|secret|enc|bao|keyring):.{0,300}',
  'ENC[[(].{0,500}',
  'projects\\/.{0,300}',
];

const WORD = "[A-Za-z']{1,30}";
const PLACEHOLDER = [
  `(?:${NO_VALUE})[.!?:;,)\\]}]{0,4}`,
  // Masked already.
  '[*x.#_•\\u2022-]{3,200}',
  '.{0,80}(?:\\*{4}|\\.{3}|xxxx|XXXX|#{4}|\\u2022{3}).{0,200}',
  '.{0,80}\\[REDACTED.{0,300}',
  // Words that ask for a value: your_password_here, insert-key, <password>.
  "[A-Za-z_. <>'-]{0,60}\\b(?:your?|example|placeholder|replace|changeme|insert|enter|dummy|sample|todo|redacted|here|some|fill)(?:[_\\b <>.-][A-Za-z_. <>'-]{0,60}|me)?",
  '(?:[a-z]{1,20}[_-])?(?:your|my|some|the|any|not|put|add|set|use)[_-][a-z_-]{1,60}',
  '[A-Za-z_-]{1,60}[_-](?:here|placeholder|example|goes[_-]here|value)',
];
const REPEATED = '(?<one>.)\\k<one>{2,511}';
/** Sentences: what labels, messages and documentation say. */
const PROSE = [
  `[A-Z][a-z']{0,30}(?: ${WORD}){1,30}[.!?:*]{0,3}`,
  `[A-Z][a-z]{1,30}[:.!?*]{1,3}`,
  "(?:[Ii]s|[Mm]ust|[Ss]hould|[Cc]annot|[Cc]an't|[Dd]oes|[Hh]as|[Ww]as|not|no|the|a|an|[Pp]lease|[Ee]nter|[Yy]our|[Ii]nvalid|[Mm]issing|[Ww]rong|too|at least|[Rr]equired|[Uu]se|for|with|to|of|and|or|if) .{0,400}",
];

/** A hyphen and digits. */
const PLAIN_SIGNS = [...'-0123456789'].map((sign) => sign.charCodeAt(0));
const PLAIN = '[\\w-]{0,512}$';

/** Whether it matches anything without a sign, of those asked for before: most stand in both patterns. */
const plain = new Map<string, boolean>();

function isPlain(source: string): boolean {
  const known = plain.get(source);
  if (known !== undefined) return known;
  const is = neededSigns(source, 0).every(({ codes }) => PLAIN_SIGNS.some((sign) => codes.has(sign)));
  plain.set(source, is);
  return is;
}

/** Most values have no sign: of these only what needs none is tried. */
function whole(...alternatives: readonly string[]): RegExp {
  return new RegExp(
    `^(?:(?=${PLAIN})(?:${alternatives.filter(isPlain).join('|')})|(?!${PLAIN})(?:${alternatives.join('|')}))$`,
  );
}

/** What is no password. */
export const NO_PASSWORD = whole(
  ...REFERENCE,
  ...PLACEHOLDER.map((source) => caseless(source)),
  REPEATED,
  ...PROSE,
);
/** What is no token, either: words, and numbers. A token of letters alone is one long word in lower case. */
export const NO_TOKEN = whole(
  ...REFERENCE,
  ...PLACEHOLDER.map((source) => caseless(source)),
  REPEATED,
  ...PROSE,
  '(?![a-z]{16,512}$)[A-Za-z]{1,60}(?:[-_./: ][A-Za-z]{1,60}){0,20}[.,;:!?)]{0,3}',
  '[\\d.,:%+-]{1,20}(?:[a-z]{1,3})?[.,;:!?)]{0,3}',
  // How a key is made, not the key.
  '(?:ssh-(?:ed25519|rsa|dss)|ecdsa-sha2-nistp(?:256|384|521))(?:\\\\{1,4}[nr].{0,100})?',
);
