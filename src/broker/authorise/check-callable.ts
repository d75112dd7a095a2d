import { type Callable, type Received, type Refused, refuse, type Target } from '../call.ts';
import { denied } from './authorise.ts';

/**
 * Before the schema: may this identity call this method with any params at all? The refusal has the same content
 * whether the method exists or not and whatever the params are; that a method does not exist is told only to a
 * caller whose permit covers its whole driver.
 */
export function checkCallable(received: Received): Callable | Refused {
  const { generation, session, request } = received;
  const target = find(received);
  if (target?.kind === 'built-in' && !target.builtIn.needsPermit)
    return { ...received, stage: 'callable', target };
  if (target !== undefined && generation.policy.callable(session.caller, request.method)) {
    return { ...received, stage: 'callable', target };
  }
  const driver = request.method.slice(0, Math.max(0, request.method.indexOf('.')));
  const mayKnow = target === undefined && generation.policy.coversDriver(session.caller, driver);
  if (mayKnow) return refuse('denied', 'method-not-found');
  // Asked for a method that does not exist too, so that a refusal costs the same.
  return denied(received, generation.policy.forbidding(session.caller, request.method));
}

function find({ generation, request }: Received): Target | undefined {
  const builtIn = generation.builtIns.get(request.method);
  if (builtIn !== undefined) return { kind: 'built-in', builtIn };
  const method = generation.methods.get(request.method);
  return method === undefined ? undefined : { kind: 'driver', method };
}
