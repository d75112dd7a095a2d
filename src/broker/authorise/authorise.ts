import { type Authorised, type Refused, refuse, type Valid } from '../call.ts';

/** After the schema: the whole policy with the real params (invariant 1). */
export function authorise(valid: Valid): Authorised | Refused {
  const { target } = valid;
  if (target.kind === 'built-in' && !target.builtIn.needsPermit) return authorised(valid, []);
  const decision = valid.generation.policy.authorise(
    valid.session.caller,
    valid.request.method,
    valid.params,
  );
  const { permitted, policies } = decision;
  return permitted ? authorised(valid, policies) : refuse('denied', 'forbidden', {}, policies);
}

function authorised(valid: Valid, policies: readonly string[]): Authorised {
  return { ...valid, stage: 'authorised', policies, authorisedAt: performance.now() };
}
