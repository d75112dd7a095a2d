import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCatalogue } from '../../../src/broker/authorise/catalogue.ts';
import { parsePolicies } from '../../../src/broker/authorise/parse.ts';
import { loadPolicy } from '../../../src/broker/authorise/policy.ts';
import { createSlices } from '../../../src/broker/authorise/slice.ts';
import { authorise, caller, METHODS, NAMES, ROLES } from './fixtures.ts';

const PRINCIPALS = [
  'principal',
  'principal == Uid::"1000"',
  'principal in User::"bob"',
  'principal == Uid::"0"',
  'principal in User::"toor"',
  'principal in User::"root"',
  'principal is Uid in User::"bob"',
  'principal in User::"b\\u{6f}b"',
  'principal in Group::"ops"',
  'principal in Gid::"30"',
  'principal in Role::"people"',
];
/** The last errs where depth is 2: an error of any policy denies. */
const CONDITIONS = [
  '',
  ' when { principal in User::"bob" }',
  ' when { context.params.depth == 1 }',
  ' unless { context.params.depth == 1 }',
  ' when { context.params.depth * 9223372036854775807 > 1 }',
];
const policies = fc.array(
  fc
    .record({
      effect: fc.constantFrom('permit', 'permit', 'forbid'),
      principal: fc.constantFrom(...PRINCIPALS),
      condition: fc.constantFrom(...CONDITIONS),
    })
    .map(({ effect, principal, condition }) => `${effect}(${principal}, action, resource)${condition};`),
  { maxLength: 8 },
);
const callers = fc.record({
  uid: fc.constantFrom(0, 1000, 1002),
  gid: fc.constant(5),
  groups: fc.subarray([27, 30]),
});

/** So many that policies of single users are asked about apart, several users in a set; none is a caller of the property below. */
const OTHERS = Array.from({ length: 80 }, (_, index) =>
  index % 2 === 0 ? `principal == Uid::"${7000 + index}"` : 'principal in User::"eve"',
);
const forOthers = (condition: string): string =>
  OTHERS.map((principal) => `permit(${principal}, action, resource)${condition};`).join('');
const FOR_OTHERS = forOthers(' when { context.params.depth == 1 }');

function load(text: string, others: string): ReturnType<typeof loadPolicy> {
  const files = [
    { file: 'policy.cedar', text },
    { file: 'zothers.cedar', text: others },
  ];
  return loadPolicy(files, METHODS, NAMES, { roles: ROLES, unitsProvable: true });
}

test('policies for many other users change no decision, no policy that it names and no count of errors', () => {
  // Without a condition a decision is remembered, where no other policy of the slice has one.
  const cases = fc.tuple(
    policies,
    callers,
    fc.constantFrom(1, 2),
    fc.constantFrom(FOR_OTHERS, forOthers('')),
  );
  fc.assert(
    fc.property(cases, ([texts, who, depth, others]) => {
      const [few, many] = [load(texts.join(''), ''), load(texts.join(''), others)];
      const decided = [few, many, many].map((policy) =>
        authorise(policy, caller(who), 'disk.usage', { depth }),
      );
      expect(decided[1]).toEqual(decided[0]);
      expect(decided[2]).toEqual(decided[0]);
      for (const policy of [few, many]) policy.release();
    }),
    { numRuns: 200 },
  );
});

test('a user among many is permitted by their own policies alone, by whatever name', () => {
  const policy = load('', FOR_OTHERS);
  const decided = [7002, 7078, 7001, 1001].map((uid) =>
    authorise(policy, caller({ uid }), 'disk.usage', { depth: 1 }),
  );
  const [even, odd] = [0, 1].map((rest) =>
    OTHERS.flatMap((_, index) => (index % 2 === rest ? [`zothers.cedar:${index + 1}`] : [])),
  );
  expect(decided).toEqual([
    { permitted: true, policies: [even?.[1]], errors: 0 },
    { permitted: true, policies: [even?.[39]], errors: 0 },
    { permitted: false, policies: [], errors: 0 },
    { permitted: true, policies: odd?.toSorted(), errors: 0 },
  ]);
  policy.release();
});

test.each([31, 32, 33])('%i policies decide as each of them says', (count) => {
  const text = Array.from(
    { length: count },
    (_, index) => `permit(principal == Uid::"${index}", action, resource);`,
  );
  const policy = load(text.join(''), '');
  for (const uid of [0, 1, count - 1, count]) {
    const { permitted } = authorise(policy, caller({ uid }), 'disk.usage');
    expect(permitted).toBe(uid < count);
  }
  policy.release();
});

test('a thousand users make some dozen sets, of which a caller with all these names is asked about each once', () => {
  const users = new Map(Array.from({ length: 1_000 }, (_, index) => [`name${index}`, 1000] as const));
  const text = [...users.keys()].map((name) => `permit(principal in User::"${name}", action, resource);`);
  const files = [{ file: 'policy.cedar', text: text.join('') }];
  const names = { users, groups: new Map() };
  const options = { roles: new Map(), unitsProvable: true };
  const catalogue = createCatalogue(METHODS);
  const slices = createSlices(parsePolicies(files, { catalogue, names, ...options }), catalogue);
  expect(slices.byMethod.get('disk.usage')?.sets).toHaveLength(32);
  slices.release();
  const policy = loadPolicy(files, METHODS, names, options);
  expect(authorise(policy, caller(), 'disk.usage').policies).toHaveLength(1_000);
  policy.release();
});

test('what one generation gives back is kept for another that has the same policies', () => {
  const [old, now] = [load('', FOR_OTHERS), load('', FOR_OTHERS)];
  old.release();
  const again = load('', forOthers(''));
  expect(authorise(now, caller({ uid: 7002 }), 'disk.usage', { depth: 2 }).permitted).toBe(false);
  expect(authorise(again, caller({ uid: 7002 }), 'disk.usage', { depth: 2 }).permitted).toBe(true);
  for (const policy of [now, again]) policy.release();
});
