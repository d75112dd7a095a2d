import { describe, expect, test } from 'vitest';
import { loadPolicy, PolicyError } from '../../../src/broker/authorise/policy.ts';
import {
  POLICY_BRACKET_DEPTH,
  POLICY_FILE_BYTES,
  POLICY_ID_LENGTH,
} from '../../../src/broker/authorise/policy-limits.ts';
import { authorise, caller, load, METHODS, method, NAMES, ROLES } from './fixtures.ts';

function refusal(text: string, unitsProvable = true): string {
  try {
    load(text, METHODS, unitsProvable).release();
  } catch (error) {
    if (error instanceof PolicyError) return error.message;
    throw error;
  }
  return 'loaded';
}

const anyone = 'permit(principal, action, resource)';

describe('a policy is refused at load', () => {
  const refused: readonly (readonly [string, string, string])[] = [
    [
      'that does not parse',
      `// é\n${anyone};\npermit(principal, actio, resource);`,
      '3:19: found an invalid variable',
    ],
    ['with the first of several mistakes, in characters', `"é";\n${anyone} when { foo };`, '1:1: '],
    ['whose end is missing', anyone, '1:36: unexpected end of input'],
    ['with an unknown variable', `${anyone} when { é };`, '1:44: '],
    ['with a byte order mark', `\ufeff${anyone};`, '1:1: '],
    [
      'that is a template',
      `${anyone};\n permit(principal in ?principal, action, resource);`,
      '2:2: it is a template',
    ],
    [
      'whose principal is a user',
      'permit(principal == User::"bob", action, resource);',
      '1:1: principal == User::"bob" can never be true: the principal is always of type Uid, write "principal in"',
    ],
    [
      'whose principal is a group',
      'permit(principal == Group::"ops", action, resource);',
      '1:1: principal == Group::"ops" can never be true',
    ],
    [
      'whose principal is a unit',
      'permit(principal == Unit::"a.service", action, resource);',
      '1:1: principal == Unit::"a.service" can never be true',
    ],
    [
      'whose principal is of type User',
      'permit(principal is User, action, resource);',
      '1:1: principal is User can never be true',
    ],
    [
      'whose principal is of an unknown type',
      'permit(principal is Person, action, resource);',
      '1:1: there is no entity type Person',
    ],
    [
      'whose principal is in an unknown type',
      'permit(principal in Role::"strangers", action, resource);',
      '1:1: Role::"strangers": there is no such role in driverd.yaml',
    ],
    [
      'whose principal is in a type of a namespace',
      'permit(principal in Our::Group::"ops", action, resource);',
      '1:1: there is no entity type Our::Group',
    ],
    [
      'whose principal is in a driver',
      'permit(principal in Driver::"disk", action, resource);',
      '1:1: principal in Driver::"disk" can never be true',
    ],
    [
      'whose user does not exist',
      'permit(principal in User::"mallory", action, resource);',
      '1:1: User::"mallory": there is no such user',
    ],
    [
      'whose group does not exist',
      'permit(principal in Group::"wheel", action, resource);',
      '1:1: Group::"wheel": there is no such group',
    ],
    [
      'whose group is only a user',
      'permit(principal in Group::"eve", action, resource);',
      '1:1: Group::"eve": there is no such group',
    ],
    [
      'whose uid is a name',
      'permit(principal == Uid::"bob", action, resource);',
      '1:1: Uid::"bob": an id is',
    ],
    [
      'whose uid has a leading zero',
      'permit(principal == Uid::"01000", action, resource);',
      '1:1: Uid::"01000": an id is',
    ],
    [
      'whose gid is no id',
      'permit(principal in Gid::"4294967295", action, resource);',
      '1:1: Gid::"4294967295": an id is',
    ],
    [
      'whose unit has no type',
      'permit(principal in Unit::"backup", action, resource);',
      '1:1: Unit::"backup": a unit has a full name',
    ],
    [
      'whose action does not exist',
      'permit(principal, action == Action::"disk.format", resource);',
      '1:1: Action::"disk.format": there is no such action',
    ],
    [
      'one of whose actions does not exist',
      'permit(principal, action in [Action::"disk", Action::"dsik"], resource);',
      '1:1: Action::"dsik": there is no such action; did you mean disk?',
    ],
    [
      'whose tag no method has',
      'permit(principal, action in Action::"tag:none", resource);',
      '1:1: Action::"tag:none": there is no such action',
    ],
    [
      'whose action is a group compared by ==',
      'permit(principal, action == Action::"disk", resource);',
      '1:1: action == Action::"disk" can never be true: it is a group of actions, write "action in"',
    ],
    [
      'whose list of actions is empty',
      'permit(principal, action in [], resource);',
      '1:1: action in [] can never be true',
    ],
    [
      'whose resource does not exist',
      'permit(principal, action, resource == Method::"disk.format");',
      '1:1: Method::"disk.format": there is no such method',
    ],
    [
      'whose driver does not exist',
      'permit(principal, action, resource in Driver::"dsik");',
      '1:1: Driver::"dsik": there is no such driver; did you mean disk?',
    ],
    [
      'whose resource is a driver compared by ==',
      'permit(principal, action, resource == Driver::"disk");',
      '1:1: resource == Driver::"disk" can never be true',
    ],
    [
      'whose resource is in a user',
      'permit(principal, action, resource in User::"bob");',
      '1:1: resource in User::"bob" can never be true',
    ],
    [
      'whose resource is of type Driver',
      'permit(principal, action, resource is Driver);',
      '1:1: resource is Driver can never be true',
    ],
    [
      'whose action and resource exclude each other',
      'permit(principal, action in Action::"disk", resource in Driver::"host");',
      '1:1: its scope can never match',
    ],
    [
      'whose condition names an unknown user',
      `${anyone} when { principal in User::"mallory" };`,
      '1:1: User::"mallory": there is no such user',
    ],
    [
      'whose condition names an unknown type',
      `${anyone} when { context.params.x == Person::"x" };`,
      '1:1: there is no entity type Person',
    ],
    [
      'whose condition compares the principal with a user',
      `forbid(principal, action, resource) when { context.params.x == 1 && User::"bob" == principal };`,
      '1:1: principal == User::"bob" can never be true',
    ],
    [
      'whose condition excludes a user in a way that never does',
      `${anyone} unless { principal != User::"bob" };`,
      '1:1: principal == User::"bob" can never be true',
    ],
    [
      'whose condition has the principal in a list with a driver',
      `${anyone} when { principal in [User::"bob", Driver::"disk"] };`,
      '1:1: principal in Driver::"disk" can never be true',
    ],
    [
      'whose condition asks for a type that never is',
      `${anyone} when { principal is User };`,
      '1:1: principal is User can never be true',
    ],
    [
      'whose @id stands twice',
      `@id("a") ${anyone};\n@id("a") ${anyone};`,
      '2:1: its id a is also at test.cedar:1:1',
    ],
    [
      "whose @id is another one's place",
      `${anyone};\n@id("test.cedar:1") ${anyone};`,
      '2:1: its id test.cedar:1 is also at test.cedar:1:1',
    ],
    ['whose @id is empty', `@id ${anyone};`, '1:1: its id is not'],
    ['whose @id has a line feed', `@id("a\\nb") ${anyone};`, '1:1: its id is not'],
    ['whose @id is over-long', `@id("${'a'.repeat(POLICY_ID_LENGTH + 1)}") ${anyone};`, '1:1: its id is not'],
    [
      'that is in a file over the size limit',
      `//${' '.repeat(POLICY_FILE_BYTES)}`,
      '1: the file is over 1048576 bytes',
    ],
  ];
  test.each(refused)('%s', (_what, text, message) => {
    expect(refusal(text)).toContain(`Cannot load policy test.cedar:${message}`);
  });

  test('whose unit cannot be proven, by the kernel of Debian 12 for example', () => {
    for (const type of ['Unit', 'UserUnit']) {
      const scope = `permit(principal in ${type}::"a.service", action, resource);`;
      const condition = `${anyone} when { principal in ${type}::"a.service" };`;
      expect(refusal(scope)).toBe('loaded');
      expect(refusal(condition)).toBe('loaded');
      expect(refusal(scope, false)).toContain('this kernel cannot prove the unit of a caller');
      expect(refusal(condition, false)).toContain('this kernel cannot prove the unit of a caller');
    }
  });

  test('whose @id stands in two files, and the error names both', () => {
    const files = ['a.cedar', 'b.cedar'].map((file) => ({ file, text: `\n@id("x") ${anyone};` }));
    expect(() => loadPolicy(files, METHODS, NAMES, { roles: ROLES, unitsProvable: true })).toThrow(
      'Cannot load policy b.cedar:2:1: its id x is also at a.cedar:2:1',
    );
  });

  test('and the error has file, line, column and reason apart', () => {
    const location = { file: 'test.cedar', line: 2, column: 1 };
    expect(() => load(`\npermit(principal is User, action, resource);`)).toThrow(
      expect.objectContaining({ location, reason: expect.stringContaining('principal is User') }),
    );
  });
});

describe("nesting that Cedar's parser or evaluator does not survive is refused before Cedar reads it (invariant 14)", () => {
  const chains: readonly (readonly [string, string])[] = [
    ['brackets', `${'('.repeat(1000)}true${')'.repeat(1000)}`],
    ['brackets after stray closing ones', `${')'.repeat(1000)}${'('.repeat(1000)}`],
    ['sets', `${'['.repeat(1000)}${']'.repeat(1000)} == 1`],
    ['records', `${'{a:'.repeat(1000)}1${'}'.repeat(1000)} == 1`],
    ['ifs', `${'if true then true else '.repeat(1000)}true`],
    ['additions', `1${'+1'.repeat(1000)} == 1`],
    ['attributes', `context${'.a'.repeat(1000)} == 1`],
    ['method calls', `context${'.contains(1)'.repeat(1000)}`],
    ['conjunctions', `true${' && true'.repeat(10_000)}`],
    ['clauses', `true } ${'when { true } '.repeat(700)} when { true`],
    ['additions in brackets', `${'('.repeat(28)}1${`${'+1'.repeat(60)})`.repeat(28)} == 1`],
  ];
  test.each(chains)('%s', (_what, expression) => {
    expect(refusal(`${anyone} when { ${expression} };`)).toMatch(/over a limit|levels deep/);
    const policy = load(`${anyone};`);
    expect(authorise(policy, caller(), 'disk.usage', {}).permitted).toBe(true);
    policy.release();
  });

  test('while what is just below the limits is decided', () => {
    const brackets = POLICY_BRACKET_DEPTH - 1;
    const expression = `${'('.repeat(brackets)}1${'+1'.repeat(240)}${')'.repeat(brackets)} == 241`;
    const policy = load(`${anyone} when { ${expression} } when { ${'true && '.repeat(240)} true };`);
    expect(authorise(policy, caller(), 'disk.usage', {})).toEqual({
      permitted: true,
      policies: ['test.cedar:1'],
      errors: 0,
    });
    policy.release();
  });
});

describe('a policy set', () => {
  test('is read from several files as one', () => {
    const files = [
      { file: 'a.cedar', text: `${anyone};` },
      { file: 'b.cedar', text: 'forbid(principal in User::"bob", action, resource);' },
    ];
    const policy = loadPolicy(files, METHODS, NAMES, { roles: ROLES, unitsProvable: true });
    expect(authorise(policy, caller(), 'disk.usage', {}).policies).toEqual(['b.cedar:1']);
    expect(authorise(policy, caller({ uid: 0 }), 'disk.usage', {}).policies).toEqual(['a.cedar:1']);
    policy.release();
  });

  test('may be no file at all, and denies everything (Z1)', () => {
    const policy = loadPolicy([], METHODS, NAMES, { roles: ROLES, unitsProvable: false });
    expect(policy.callable(caller({ uid: 0 }), 'disk.usage')).toBe(false);
    expect(policy.coversDriver(caller({ uid: 0 }), 'disk')).toBe(false);
    policy.release();
  });

  test('may name call and rpc before any driver is enabled', () => {
    const text =
      'permit(principal, action in Action::"call", resource);permit(principal, action in Action::"rpc", resource);';
    load(text, [method('rpc.status')]).release();
    load(text, []).release();
  });

  test('keeps its policies apart from comments and strings that look like policies', () => {
    const policy = load(
      `// ${anyone};\r${anyone} when { context.params.path == "; ${anyone};" };// ${anyone};`,
    );
    const decision = authorise(policy, caller(), 'disk.usage', { path: `; ${anyone};` });
    expect(decision).toEqual({ permitted: true, policies: ['test.cedar:1'], errors: 0 });
    policy.release();
  });

  test('tells the place of each of more than ten policies', () => {
    const text = `${Array.from({ length: 12 }, () => `${anyone};`).join('\n')}\npermit(principal is User, action, resource);`;
    expect(refusal(text)).toContain('test.cedar:13:1: ');
  });

  test('is not loaded over methods that would share an action', () => {
    const wrong = [
      [method('disk.a'), method('disk.a')],
      [method('call.a')],
      [method('disk.a', { driver: 'host' })],
    ];
    for (const methods of wrong) expect(() => load('', methods)).toThrow(PolicyError);
  });
});
