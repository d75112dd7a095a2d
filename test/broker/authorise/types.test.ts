import { expect, test } from 'vitest';
import { load } from './fixtures.ts';

function refusal(text: string, unitsProvable = true): string {
  try {
    load(text, undefined, unitsProvable).release();
  } catch (error) {
    return error instanceof Error ? error.message : 'thrown';
  }
  return 'loaded';
}

const usage = 'permit(principal, action == Action::"disk.usage", resource)';

const refused: readonly (readonly [string, string, string])[] = [
  [
    'a misspelt param',
    `${usage}\n  when { context.params.pth == "/" };`,
    'test.cedar:2:10: attribute `params.pth` in context for Action::"disk.usage" not found (did you mean `path`?)',
  ],
  [
    'a misspelt param that is asked for by has',
    `${usage} when { context.params has pth && context.params.pth == "/" };`,
    'test.cedar:1:1: policy is impossible',
  ],
  [
    'a param that may be missing',
    `${usage} when { context.params.x == 1 };`,
    'optional attribute `params.x`',
  ],
  [
    'a comparison of different types',
    `${usage} when { context.params.path == 1 };`,
    'the types Long and String are not compatible',
  ],
  ['an order of strings', `${usage} when { context.params.path > "a" };`, 'or Long but saw String'],
  [
    'something of the context that is not there',
    `${usage} when { context.user == "bob" };`,
    'attribute `user` in context',
  ],
  [
    'something of the method that is not there',
    `${usage} when { resource.harmless };`,
    'attribute `harmless` on entity type `Method` not found',
  ],
  [
    'something of the caller that is not there',
    `${usage} when { principal.name == "bob" };`,
    'attribute `name` on entity type `Uid` not found',
  ],
  [
    'a trace that is not asked for by has',
    `${usage} when { context.trace == "a" };`,
    'optional attribute `trace`',
  ],
  [
    'the isolation of a built-in method',
    'permit(principal, action == Action::"rpc.status", resource) when { context.isolation.root };',
    'attribute `isolation` in context',
  ],
  ['the second of two policies', `${usage};\n\n${usage} when { context.params.depth };`, 'test.cedar:3:'],
];
test.each(refused)('a policy with %s is refused at load', (_what, text, why) => {
  const message = refusal(text);
  expect(message).toMatch(/^Cannot load policy test\.cedar:\d+:\d+: /);
  expect(message).toContain(why);
});

const loaded: readonly (readonly [string, string])[] = [
  ['a param', `${usage} when { context.params.path like "/srv/*" && context.params.depth < 3 };`],
  ['an optional param behind has', `${usage} when { context.params has x && context.params.x == 1 };`],
  [
    'the time',
    `${usage} when { context.time.hour >= 8 && context.time.hour < 18 && context.time.weekday <= 5 };`,
  ],
  ['the second and minute', `${usage} when { context.time.unix > 0 && context.time.minute < 60 };`],
  ['a trace', `${usage} unless { context has trace && context.trace like "0*" };`],
  [
    'a login',
    `${usage} when { context has login && context.login.uid == 1000 && context.login has session };`,
  ],
  [
    'a container',
    `forbid(principal, action, resource) when { context has container && context.container.runtime == "docker" };`,
  ],
  [
    'the isolation of a driver',
    `${usage} unless { context.isolation.root || context.isolation.network == "host" };`,
  ],
  [
    'what isolation lacks',
    `${usage} when { context.isolation.degraded.isEmpty() && !context.isolation.capabilities.contains("CAP_NET_RAW") };`,
  ],
  [
    'marks of the method',
    `${usage} when { resource.tags.contains("storage") && resource.capabilities.isEmpty() };`,
  ],
  ['a role', 'permit(principal in Role::"people", action, resource) unless { principal in Role::"nobody" };'],
];
test.each(loaded)('a policy that looks at %s is loaded', (_what, text) => {
  expect(refusal(text)).toBe('loaded');
});

test.each([
  ['a unit', 'permit(principal in Unit::"a.service", action, resource);'],
  ['a role with units', 'permit(principal in Role::"machines", action, resource);'],
  ['a container', 'forbid(principal, action, resource) when { context has container };'],
  ['a container in an unless', 'permit(principal, action, resource) unless { context has container };'],
  ['a login', 'permit(principal, action, resource) when { context has login && context.login.uid == 1 };'],
])('%s is refused where the kernel cannot prove it of a caller', (_what, text) => {
  expect(refusal(text)).toBe('loaded');
  expect(refusal(text, false)).toContain('this kernel cannot prove');
});
