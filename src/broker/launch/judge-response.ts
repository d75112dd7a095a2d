import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import type { Method } from '../catalogue/catalogue.ts';
import type { Scrubber } from '../scrub/scrubber.ts';
import type { Heard } from './converse.ts';
import { failure } from './run.ts';

/** What a driver answered, as it was given: judged, and not scrubbed yet. */
export type Judged =
  | { readonly kind: 'result'; readonly result: JsonValue; readonly isClean: boolean }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly details: JsonValue }
  | Heard;

/**
 * Judges a response (protocol/driver-protocol.md) by its method's schemas.
 * @param isClean whether nothing in its line can be a secret; asked for a result alone
 */
export function judgeResponse(method: Method, response: JsonObject, isClean: () => boolean): Judged {
  if ('result' in response === 'error' in response) return bad('', 'response');
  if ('error' in response) return judgeError(method, response['error']);
  const result = response['result'] ?? null;
  const checked = method.result.check(result);
  return checked.ok ? { kind: 'result', result, isClean: isClean() } : bad(checked.at, checked.rule);
}

/** Only what the manifest declares reaches the caller; another error is a failed driver's. */
function judgeError(method: Method, error: JsonValue | undefined): Judged {
  const data = isJsonObject(error) ? error['data'] : undefined;
  const name = isJsonObject(data) ? data['error'] : undefined;
  const declared = typeof name === 'string' ? method.errors.get(name) : undefined;
  if (!isJsonObject(data) || typeof name !== 'string' || declared === undefined)
    return { kind: 'answer', answer: failure('driver-failed') };
  const details = data['details'] ?? null;
  const checked = declared.data?.check(details) ?? { ok: details === null, at: '', rule: 'details' };
  if (checked.ok) return { kind: 'error', name, message: declared.message, details };
  return bad('at' in checked ? checked.at : '', 'rule' in checked ? checked.rule : 'details');
}

function bad(at: string, rule: string): Judged {
  return { kind: 'bad-output', place: { at, rule } };
}

/** What of it reaches the caller (invariant 10). */
export async function scrubJudged(judged: Judged, scrubber: Scrubber): Promise<Heard> {
  if (judged.kind === 'result') {
    const result = judged.isClean ? judged.result : (await scrubber.valueInTurns(judged.result)).value;
    return { kind: 'answer', answer: { ok: true, result, driver: null } };
  }
  if (judged.kind !== 'error') return judged;
  const { name, message, details } = judged;
  const extra: JsonObject =
    details === null
      ? { error: name }
      : { error: name, details: (await scrubber.valueInTurns(details)).value };
  return { kind: 'answer', answer: { ok: false, reason: 'driver-error', message, extra } };
}
