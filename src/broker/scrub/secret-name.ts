/** The last words of a name that says that a secret follows; what stands before them tells whose it is. */
const SECRET_WORDS =
  /(?:^|_)(?:password|passwd|passphrase|passcode|pwd|secret|token|credentials?|(?:api|auth|access|account|encryption|master|private|secret|shared|signing)_?key)(?:_?\d{1,3})?$|_pass$/;
/** Names that end so and say something else: where a list goes on. */
const HARMLESS_WORDS = /(?:^|_)(?:page|next|continuation|continue|sync|cursor|resume)_token$/;
/** Where a process is: each environment has it. */
const WORKING_FOLDERS: ReadonlySet<string> = new Set(['PWD', 'OLDPWD']);
/** A longer name says nothing. */
const LONGEST_NAME = 128;
/** What stands for a secret that a tool does not show, or for none. */
const PLACEHOLDER =
  /^(?:\*{3,}|<[\w -]{0,32}>|null|none|true|false|undefined|required|optional|string|\[REDACTED:[A-Za-z0-9_.-]{1,64}\])$/i;

/** Whether a member of this name is a secret, whatever stands in it: `password`, `DB_PASSWORD`, `clientSecret`. */
export function isSecretName(name: string): boolean {
  if (name.length > LONGEST_NAME || WORKING_FOLDERS.has(name)) return false;
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]/g, '_')
    .toLowerCase();
  return SECRET_WORDS.test(words) && !HARMLESS_WORDS.test(words);
}

/** Whether this stands there instead of a secret. */
export function isPlaceholder(text: string): boolean {
  return text === '' || PLACEHOLDER.test(text);
}
