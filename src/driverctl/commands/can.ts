import { readParams } from '../call/params.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import { askedIdentity } from '../explain/asked-identity.ts';
import { type Explanation, explainCall, type ToldPolicy } from '../explain/explanation.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { humanText } from '../print/value.ts';

/**
 * `driverctl can METHOD [PARAMS] [--as USER]`: whether a call would be permitted, and why; nothing runs. Returns the exit
 * status: 0 where it would, else that of the call. Throws `Failure`.
 */
export async function explainOneCall(invocation: Invocation): Promise<number> {
  const { options, operands, stdin } = invocation;
  const [method, ...words] = operands;
  if (method === undefined) throw new Failure('usage', 'Cannot explain: the method is missing');
  const { values } = await readParams(words, stdin);
  const as = options.as === undefined ? {} : { as: askedIdentity(options.as) };
  const explanation = await withSession(invocation, (session) =>
    explainCall(session, { method, params: values, ...as }),
  );
  printReport(invocation, { json: explanation.json, human: () => humanExplanation(method, explanation) });
  if (explanation.permitted) return exitCodes.ok.status;
  return (explanation.stage === 'schema' ? exitCodes.invalid : exitCodes.denied).status;
}

function humanExplanation(method: string, explanation: Explanation): string {
  const { permitted, policies, json } = explanation;
  const deciding = policies.filter(({ decided }) => decided);
  const others = policies.filter(({ decided, concerns }) => concerns && !decided);
  return humanText({
    answer: permitted ? `yes: ${method} would be permitted` : `no: ${whyNot(method, explanation)}`,
    ...(deciding.length === 0 ? {} : { 'decided by': deciding.map(inWords) }),
    ...(others.length === 0 ? {} : { 'did not decide': others.map(inWords) }),
    ...(json['hint'] === undefined ? {} : { hint: json['hint'] }),
    ...(json['limits'] === null ? {} : { limits: json['limits'] }),
    ...(permitted && json['isolation'] !== null ? { isolation: json['isolation'] } : {}),
  });
}

function whyNot(method: string, { stage, exists, policies, json }: Explanation): string {
  if (!exists) return `there is no method ${method}`;
  if (stage === 'schema') return `its params are refused at ${json['at'] || 'the top'}: ${json['rule']}`;
  if (policies.some(({ decided, effect }) => decided && effect === 'forbid')) return 'a policy forbids it';
  if (policies.some(({ decided }) => decided)) return 'a policy cannot be evaluated for it';
  if (policies.some(({ concerns, effect }) => concerns && effect === 'permit'))
    return 'no permit’s conditions hold for it';
  if (json['container'] !== null) return 'no permit asks for the container that the caller is in';
  return json['destructive'] === true
    ? 'no policy permits it; it is destructive, so a permit has to name it or one of its tags'
    : 'no policy permits it';
}

function inWords({ id, effect, at, principal, conditional }: ToldPolicy): string {
  const condition = conditional ? ', on conditions' : '';
  return `${effect} ${id} (${at}) for ${principal ?? 'anyone'}${condition}`;
}
