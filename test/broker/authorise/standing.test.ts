import { describe, expect, test } from 'vitest';
import type { Policy } from '../../../src/broker/authorise/policy.ts';
import type { Caller } from '../../../src/shared/caller.ts';
import { authorise, caller, load } from './fixtures.ts';

const DOCKER = { runtime: 'docker', id: 'a'.repeat(64), manager: 'system' } as const;
const USAGE = 'disk.usage';
const rootInside = caller({ uid: 0, gid: 0, container: DOCKER });

function both(
  policy: Policy,
  who: Caller,
): readonly [callable: boolean, permitted: boolean, by: readonly string[]] {
  const { permitted, policies } = authorise(policy, who, USAGE);
  return [policy.callable(who, USAGE), permitted, policies];
}

describe('a caller in a container', () => {
  const plain = '@id("root") permit(principal == Uid::"0", action in Action::"call", resource);';
  const asking = `${plain}\n@id("inside") permit(principal == Uid::"0", action in Action::"call", resource) when { context has container && context.container.runtime == "docker" };`;

  test('has the ids of somebody else, perhaps: a permit that does not ask for the container is not for them (N9)', () => {
    const policy = load(plain);
    expect(both(policy, caller({ uid: 0, gid: 0 }))).toEqual([true, true, ['root']]);
    expect(both(policy, rootInside)).toEqual([false, false, []]);
    // What was remembered of the one is not the other's.
    expect(both(policy, caller({ uid: 0, gid: 0 }))).toEqual([true, true, ['root']]);
    expect(policy.coversDriver(rootInside, 'disk')).toBe(false);
    expect(policy.explain(rootInside, USAGE)).toMatchObject([{ id: 'root', concerns: false }]);
    policy.release();
  });

  test('is permitted by a policy that asks for it, and by that one alone', () => {
    const policy = load(asking);
    expect(both(policy, rootInside)).toEqual([true, true, ['inside']]);
    expect(both(policy, caller({ uid: 0, gid: 0 }))).toEqual([true, true, ['root']]);
    const other = caller({ uid: 0, gid: 0, container: { ...DOCKER, runtime: 'podman' } });
    expect(both(policy, other)).toEqual([true, false, []]);
    policy.release();
  });

  test('is reached by every forbid', () => {
    const policy = load(
      `${asking}\n@id("no") forbid(principal == Uid::"0", action, resource) when { context.params.depth == 0 };`,
    );
    expect(both(policy, rootInside)).toEqual([true, false, ['no']]);
    policy.release();
  });
});

describe('a caller whose process was gone when it was looked at', () => {
  const gone = caller({ uid: 0, gid: 0, pidProven: false });
  const all = `@id("all") permit(principal, action, resource);
    @id("outside") permit(principal, action, resource) unless { context has container };`;

  test('may have been in any container or unit: where the kernel could have told, it is permitted nothing (N5)', () => {
    const policy = load(all);
    expect(both(policy, gone)).toEqual([false, false, []]);
    expect(both(policy, caller({ uid: 0, gid: 0 }))[2]).toEqual(['all', 'outside']);
    policy.release();
  });

  test('is like others where the kernel tells of nobody', () => {
    const policy = load('@id("all") permit(principal, action, resource);', undefined, false);
    expect(both(policy, gone)).toEqual([true, true, ['all']]);
    policy.release();
  });
});
