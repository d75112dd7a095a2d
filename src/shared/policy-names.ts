import { policyTokens } from './policy-tokens.ts';

/** Distinct names of users and groups that one policy text may hold, together. */
export const POLICY_NAMES_LIMIT = 1000;

/** Longest user or group name that is looked up (LOGIN_NAME_MAX, limits.h), in UTF-16 code units. */
export const POLICY_NAME_LENGTH_LIMIT = 256;

const ESCAPE = /\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\}|(.))/gs;
const PLAIN_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['0', '\0'],
]);
const CONTROL_CHARACTER = /[\0-\x1f\x7f]/;
const LAST_CODE_POINT = 0x10ffff;

/** What a Cedar string literal (with its quotes) stands for: the escapes of a Rust string literal. */
function literalValue(literal: string): string {
  return literal.slice(1, -1).replace(ESCAPE, (whole, byte?: string, scalar?: string, plain?: string) => {
    if (plain !== undefined) return PLAIN_ESCAPES.get(plain) ?? plain;
    const codePoint = Number.parseInt(byte ?? scalar ?? '', 16);
    return codePoint <= LAST_CODE_POINT ? String.fromCodePoint(codePoint) : whole;
  });
}

/** A NUL would end the name early in getpwnam(3): `User::"root\0"` must not become root. */
function canBeLookedUp(name: string): boolean {
  return name.length > 0 && name.length <= POLICY_NAME_LENGTH_LIMIT && !CONTROL_CHARACTER.test(name);
}

/**
 * The names that stand in policy text as `User::"…"` and `Group::"…"`, so that they can be resolved to numbers when
 * configuration is loaded. It does not parse Cedar: names from a policy that will be refused come out too, which is
 * harmless. A name that no account can have (empty, control characters, too long) is left out, and the policy that
 * holds it is then refused for an unknown name.
 *
 * @param text Cedar policy text from a file that only root can write
 * @returns distinct names in the order in which they first stand in the text
 * @throws Error if the text holds more than POLICY_NAMES_LIMIT distinct names
 */
export function namesInPolicy(text: string): { users: string[]; groups: string[] } {
  const users = new Set<string>();
  const groups = new Set<string>();
  let beforeLast = '';
  let last = '';
  for (const token of policyTokens(text)) {
    const names = beforeLast === 'User' ? users : beforeLast === 'Group' ? groups : null;
    if (names !== null && last === '::' && token.kind === 'string') {
      const name = literalValue(token.text);
      if (canBeLookedUp(name)) names.add(name);
      if (users.size + groups.size > POLICY_NAMES_LIMIT) {
        throw new Error(`Cannot read the names in a policy: there are more than ${POLICY_NAMES_LIMIT}`);
      }
    }
    beforeLast = last;
    last = token.text;
  }
  return { users: [...users], groups: [...groups] };
}
