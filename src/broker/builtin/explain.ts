import type { Caller } from '../../shared/caller.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { limitsOf } from '../admit/admit.ts';
import type { Limiter } from '../admit/limiter.ts';
import type { TokenBuckets } from '../admit/token-buckets.ts';
import { authorise } from '../authorise/authorise.ts';
import { checkCallable } from '../authorise/check-callable.ts';
import { type ExplainedPolicy, placeText } from '../authorise/policy.ts';
import type { Callable, Received, Refused } from '../call.ts';
import type { Generation } from '../configuration/generation.ts';
import { newRequestIdentifier } from '../request-identifier.ts';
import { validate } from '../validate/validate.ts';
import { type BuiltIn, type BuiltInCall, builtInParams } from './built-in.ts';

/** Largest number of a user or group that can call (monitor/session/identify.ts). */
const LARGEST_ID = 2_147_483_647;
const MOST_GROUPS = 65_536;

const PARAMS = builtInParams(
  {
    method: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      description: 'The method; without one, every method is asked for.',
    },
    params: { description: 'Its params, an object or an array; without them, none.' },
    as: {
      type: 'object',
      additionalProperties: false,
      required: ['uid', 'gid', 'groups'],
      description: 'Who would call; without it, you.',
      properties: {
        uid: { type: 'integer', minimum: 0, maximum: LARGEST_ID, description: 'The user.' },
        gid: { type: 'integer', minimum: 0, maximum: LARGEST_ID, description: 'The group.' },
        groups: {
          type: 'array',
          maxItems: MOST_GROUPS,
          items: { type: 'integer', minimum: 0, maximum: LARGEST_ID },
          description: 'Supplementary groups.',
        },
        unit: { type: 'string', minLength: 1, maxLength: 256, description: 'The system unit.' },
      },
    },
  },
  [],
);

/** What the stages before a launch would say of a call. */
type Verdict =
  | { readonly kind: 'permitted'; readonly policies: readonly string[]; readonly callable: Callable }
  | { readonly kind: 'refused'; readonly stage: 'callable' | 'schema' | 'policy'; readonly exit: Refused };

/**
 * `rpc.explain`: whether a call would be permitted and why, by the very stages that would decide about it, its limits and
 * their state, and the isolation that it would get. Nothing runs.
 */
export function explainMethod(limiter: Limiter, rates: TokenBuckets): BuiltIn {
  function explainCall(call: BuiltInCall, generation: Generation, method: string): JsonObject {
    const received = receivedAs(call, generation, method);
    const { caller } = received.session;
    const verdict = judge(received);
    const exists = generation.methods.has(method) || generation.builtIns.has(method);
    const profile = generation.methods.get(method)?.profile;
    const isolation = profile === undefined ? undefined : generation.plans.get(profile)?.isolation;
    return {
      ...{ method, exists, roles: [...generation.rolesOf(caller)] },
      destructive: generation.methods.get(method)?.destructive ?? false,
      container: caller.container === null ? null : { ...caller.container },
      ...describeVerdict(verdict),
      policies: generation.policy.explain(caller, method).map((policy) => describePolicy(policy, verdict)),
      limits: verdict.kind === 'permitted' ? describeLimits(verdict.callable) : null,
      isolation: isolation === undefined ? null : { ...isolation },
    };
  }

  function describeLimits(callable: Callable): JsonObject {
    const { driver, limits, perMinute, bucket } = limitsOf(callable);
    const { in_flight, in_flight_per_identity, in_flight_per_driver } = limits;
    const { queued, queued_per_identity, queued_per_driver, queue_ms } = limits;
    return {
      ...{ calls_per_minute: perMinute, calls_left: rates.left(bucket, perMinute) },
      ...{ in_flight, in_flight_per_identity, in_flight_per_driver },
      ...{ queued, queued_per_identity, queued_per_driver, queue_ms },
      now: { ...limiter.countsOf(callable.session.caller.uid, driver) },
    };
  }

  return {
    name: 'rpc.explain',
    needsPermit: true,
    summary: 'Tells whether a call would be permitted, and why, without making it.',
    params: PARAMS,
    answer(call, generation) {
      const { method } = call.params;
      if (typeof method === 'string') return explainCall(call, generation, method);
      const { caller } = receivedAs(call, generation, '').session;
      const methods = [...generation.methods.values()].map(({ name, title, destructive, profile }) => ({
        ...{ name, summary: title ?? name, destructive, driver: profile },
        callable: generation.policy.callable(caller, name),
        policies: generation.policy
          .explain(caller, name)
          .filter(({ concerns }) => concerns)
          .map((policy) => describePolicy(policy, null)),
      }));
      return { roles: [...generation.rolesOf(caller)], methods };
    },
  };
}

/** The call as the connection would have received it from that caller. */
function receivedAs(
  { session, early, params }: BuiltInCall,
  generation: Generation,
  method: string,
): Received {
  const given = params['params'];
  const isParams = given !== undefined && typeof given === 'object' && given !== null;
  return {
    ...{ stage: 'received', early, requestId: newRequestIdentifier(), bytesIn: 0, generation },
    session: { ...session, caller: asked(params['as']) ?? session.caller },
    request: { id: undefined, method, params: isParams ? given : undefined },
    receivedAt: performance.now(),
  };
}

/** What is not said of a caller is as if the kernel had not said it. */
function asked(as: JsonValue | undefined): Caller | null {
  if (as === undefined || !isJsonObject(as)) return null;
  const { uid, gid, groups, unit } = as;
  if (typeof uid !== 'number' || typeof gid !== 'number' || !Array.isArray(groups)) return null;
  return {
    ...{ uid, gid, groups: groups.filter((group) => typeof group === 'number'), pid: 0 },
    unit: typeof unit === 'string' ? { manager: 'system', name: unit } : null,
    ...{ pidProven: true, container: null, loginUid: null, loginSession: null },
  };
}

function judge(received: Received): Verdict {
  const callable = checkCallable(received);
  if (callable.stage === 'refused') return { kind: 'refused', stage: 'callable', exit: callable };
  const valid = validate(callable);
  if (valid.stage === 'refused') return { kind: 'refused', stage: 'schema', exit: valid };
  const authorised = authorise(valid);
  if (authorised.stage === 'refused') return { kind: 'refused', stage: 'policy', exit: authorised };
  return { kind: 'permitted', policies: authorised.policies, callable };
}

function describeVerdict(verdict: Verdict): JsonObject {
  if (verdict.kind === 'permitted') return { permitted: true, decided_by: [...verdict.policies] };
  const { stage, exit } = verdict;
  return { permitted: false, stage, reason: exit.reason, decided_by: [...exit.policies], ...exit.extra };
}

function describePolicy(
  { id, effect, location, principal, conditional, concerns }: ExplainedPolicy,
  verdict: Verdict | null,
): JsonObject {
  const deciding = verdict?.kind === 'permitted' ? verdict.policies : (verdict?.exit.policies ?? []);
  return {
    ...{ id, effect, at: placeText(location), principal, conditional, concerns },
    ...(verdict === null ? {} : { decided: deciding.includes(id) }),
  };
}
