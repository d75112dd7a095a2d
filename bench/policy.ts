import { statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import { methodEntities } from '../src/broker/authorise/decide.ts';
import { createIdentities } from '../src/broker/authorise/identity.ts';
import { paramsType } from '../src/broker/authorise/params-type.ts';
import {
  type Circumstances,
  loadPolicy,
  type Policy,
  type PolicyMethod,
} from '../src/broker/authorise/policy.ts';
import { keepPolicySet } from '../src/broker/authorise/preparsed.ts';
import type { Caller } from '../src/shared/caller.ts';
import { measureFairness } from './fairness.ts';
import { type Figure, median, type Row } from './pairs.ts';

const METHODS_EACH = 5;
const RUNS = 4_000;
const CACHED_RUNS = 200_000;
const MICROSECONDS = 1_000;

const CALLER: Caller = {
  ...{ uid: 1000, gid: 1003, groups: [1004, 1005], pid: 1, unit: null },
  ...{ pidProven: true, container: null, loginUid: null, loginSession: null },
};
const AT: Circumstances = { at: new Date(), traceId: undefined, isolation: undefined };
const GROUPS = new Map(Array.from({ length: 50 }, (_, at) => [`g${at}`, 1000 + at]));
const NAMES = { users: new Map<string, number>(), groups: GROUPS };
const PARAMS = paramsType({
  type: 'object',
  properties: { path: { type: 'string' }, depth: { type: 'integer' } },
  required: ['path'],
});
const GIVEN = { path: '/srv/3/x', depth: 2 };

function methodsOf(drivers: number): PolicyMethod[] {
  return Array.from({ length: drivers * METHODS_EACH }, (_, at) => {
    const driver = `d${Math.floor(at / METHODS_EACH)}`;
    const marks = { destructive: false, idempotent: true, tags: [], capabilities: [] };
    return { name: `${driver}.m${at % METHODS_EACH}`, driver, ...marks, params: PARAMS };
  });
}

function policiesOf(count: number, drivers: number, condition: string): string[] {
  return Array.from(
    { length: count },
    (_, at) =>
      `permit(principal in Group::"g${at % 50}", action in Action::"d${at % drivers}", resource)${condition};`,
  );
}

function timeOf(runs: number, work: (at: number) => void): number {
  const times: number[] = [];
  for (let at = -runs / 10; at < runs; at += 1) {
    const started = performance.now();
    work(at);
    if (at >= 0) times.push((performance.now() - started) * MICROSECONDS);
  }
  return median(times);
}

function load(texts: readonly string[], methods: readonly PolicyMethod[]): Policy {
  const files = [{ file: 'bench.cedar', text: texts.join('\n') }];
  return loadPolicy(files, methods, NAMES, { roles: new Map(), unitsProvable: true });
}

/** Beside the same set, asked as a whole: Cedar looks at every policy of a set for every decision. */
function uncached(count: number, drivers: number, aim: number): Row {
  const methods = methodsOf(drivers);
  const texts = policiesOf(count, drivers, ' when { context.params.path like "/srv/*" }');
  const policy = load(texts, methods);
  const set = keepPolicySet(Object.fromEntries(texts.map((text, at) => [String(at), text])));
  const named = new Set([...GROUPS.keys()].map((name) => `Group::"${name}"`));
  const { entity } = createIdentities(NAMES, () => [], named, true)(CALLER);
  const asked = methods.map((method) => ({ name: method.name, ...methodEntities(method) }));
  const one = (at: number) => asked[Math.abs(at) % asked.length] ?? asked[0];
  const peer = timeOf(RUNS / 4, (at) => {
    const { action, resource } = one(at) ?? { action: null, resource: null };
    if (action === null) return;
    statefulIsAuthorized({
      ...{ principal: entity.uid, action: action.uid, resource: resource.uid, context: { params: GIVEN } },
      ...{ preparsedPolicySetId: set, entities: [entity, action, resource] },
    });
  });
  const ours = timeOf(RUNS, (at) => void policy.authorise(CALLER, one(at)?.name ?? '', GIVEN, AT));
  policy.release();
  return {
    name: `policy: a decision that looks at params, ${count} policies over ${drivers} drivers`,
    ...{ ours: rounded(ours), peer: rounded(peer), ratio: rounded(ours / peer), unit: 'µs', runs: RUNS },
    ...{ peer_name: 'Cedar, asked with the whole set', aim: null, note: `asked for: at most ${aim} µs` },
  };
}

function cached(): Figure {
  const policy = load(policiesOf(10, 2, ''), methodsOf(2));
  const started = performance.now();
  for (let at = 0; at < CACHED_RUNS; at += 1) policy.authorise(CALLER, 'd0.m1', GIVEN, AT);
  const each = ((performance.now() - started) * MICROSECONDS) / CACHED_RUNS;
  policy.release();
  return {
    name: 'policy: a decision that is remembered',
    reached: rounded(each),
    unit: 'µs',
    of: `${CACHED_RUNS} decisions`,
    aim: 2,
  };
}

function loading(count: number, drivers: number): Figure {
  const methods = methodsOf(drivers);
  const texts = policiesOf(count, drivers, ' when { context.params.path like "/srv/*" }');
  const started = performance.now();
  load(texts, methods).release();
  return {
    ...{
      name: `policy: loading ${count} policies over ${drivers} drivers`,
      reached: rounded(performance.now() - started),
    },
    ...{ unit: 'ms', of: `${methods.length} methods`, aim: null },
  };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

export async function benchPolicy(): Promise<readonly (Row | Figure)[]> {
  return [
    ...[uncached(10, 2, 80), uncached(1_000, 100, 160)],
    ...[cached(), loading(10, 2), loading(1_000, 100)],
    await measureFairness(),
  ];
}
