import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadPolicy } from '../../../src/broker/authorise/policy.ts';
import { authorise, caller, METHODS, NAMES, ROLES } from './fixtures.ts';

const PRINCIPALS = [
  'principal',
  'principal == Uid::"1000"',
  'principal in User::"bob"',
  'principal == Uid::"0"',
  'principal in User::"toor"',
  'principal in Group::"ops"',
  'principal in Gid::"30"',
  'principal in Role::"people"',
];
/** The last errs where depth is 2: an error of any policy denies. */
const CONDITIONS = [
  '',
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
  uid: fc.constantFrom(0, 1000, 1001),
  gid: fc.constant(5),
  groups: fc.subarray([27, 30]),
});

/** So many that policies of single users are asked about apart. */
const FOR_OTHERS = Array.from(
  { length: 40 },
  (_, index) =>
    `permit(principal == Uid::"${7000 + index}", action, resource) when { context.params.depth == 1 };`,
).join('');

function load(text: string, others: string): ReturnType<typeof loadPolicy> {
  const files = [
    { file: 'policy.cedar', text },
    { file: 'zothers.cedar', text: others },
  ];
  return loadPolicy(files, METHODS, NAMES, { roles: ROLES, unitsProvable: true });
}

test('policies for many other users change no decision, no policy that it names and no count of errors', () => {
  const cases = fc.tuple(policies, callers, fc.constantFrom(1, 2));
  fc.assert(
    fc.property(cases, ([texts, who, depth]) => {
      const [few, many] = [load(texts.join(''), ''), load(texts.join(''), FOR_OTHERS)];
      const decided = [few, many].map((policy) => authorise(policy, caller(who), 'disk.usage', { depth }));
      expect(decided[1]).toEqual(decided[0]);
      for (const policy of [few, many]) policy.release();
    }),
    { numRuns: 200 },
  );
});

test('a user among many is permitted by their own policy alone', () => {
  const policy = load('', FOR_OTHERS);
  const decided = [7003, 7039, 7040].map((uid) =>
    authorise(policy, caller({ uid }), 'disk.usage', { depth: 1 }),
  );
  expect(decided).toEqual([
    { permitted: true, policies: ['zothers.cedar:4'], errors: 0 },
    { permitted: true, policies: ['zothers.cedar:40'], errors: 0 },
    { permitted: false, policies: [], errors: 0 },
  ]);
  policy.release();
});
