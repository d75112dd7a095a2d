import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { NODE_OPTIONS } from '../../../src/monitor/configuration/broker-plan.ts';

const DECISIONS = 3_000;
/** Asks Cedar, in a process of its own, until V8 would have compiled its busy functions again. */
const ASKING = `
  const { preparsePolicySet, statefulIsAuthorized } = require('@cedar-policy/cedar-wasm/nodejs');
  const policy = 'permit(principal, action, resource) when { context.name like "a*" };';
  preparsePolicySet('set', { staticPolicies: { policy } });
  const request = {
    principal: { type: 'User', id: 'user' },
    action: { type: 'Action', id: 'action' },
    resource: { type: 'Method', id: 'method' },
    preparsedPolicySetId: 'set',
    entities: [],
  };
  for (let count = 0; count < ${DECISIONS}; count++) statefulIsAuthorized({ ...request, context: { name: 'a' + count } });
`;

function codeFreedBy(options: readonly string[]): number {
  const said = execFileSync(process.execPath, [...options, '--trace-wasm-code-gc', '-e', ASKING], {
    encoding: 'utf8',
  });
  return said.split('\n').filter((line) => line.includes('Freeing')).length;
}

test('no code of Cedar is freed while the broker runs: V8 looked for freed code on the stack, and ended the process', () => {
  expect(codeFreedBy(NODE_OPTIONS)).toBe(0);
});

test('with V8’s own setting code of Cedar is freed, so the test above would see it', () => {
  expect(codeFreedBy([])).toBeGreaterThan(0);
});
