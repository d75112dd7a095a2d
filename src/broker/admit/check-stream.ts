import { type Authorised, type Refused, refuse } from '../call.ts';

/** Chunks name the call by its progress token, so a method that streams needs one. Null: it has what it needs. */
export function checkStream({ target, metadata }: Authorised): Refused | null {
  const streams = target.kind === 'driver' && target.method.streams;
  if (!streams || metadata.progressToken !== undefined) return null;
  return refuse('invalid', 'invalid-params', { at: '/_meta/progressToken', rule: 'required' });
}
