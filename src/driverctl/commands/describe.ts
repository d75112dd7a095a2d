import { isJsonObject, type JsonValue } from '../../shared/json-value.ts';
import { discoverMethod, type MethodDescription, type ParamDescription } from '../client/discover.ts';
import { withSession } from '../client/with-session.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { printReport } from '../print/report.ts';
import { humanText } from '../print/value.ts';

/** `driverctl describe METHOD`: params, result and errors of one method. Returns the exit status. */
export async function describeMethod(invocation: Invocation): Promise<number> {
  const [name] = invocation.operands;
  if (name === undefined) throw new Failure('usage', 'Cannot describe: the method is missing');
  const method = await withSession(invocation, (session) => discoverMethod(session, name));
  if (method === null) {
    // The daemon tells a stranger nothing about what exists, so neither can this.
    throw new Failure('denied', `Cannot describe ${name}: you may not call it, or it does not exist`);
  }
  printReport(invocation, { json: method.source, human: () => humanText(overview(method)) });
  return exitCodes.ok.status;
}

function overview(method: MethodDescription): JsonValue {
  return {
    method: method.name,
    summary: method.summary,
    ...(method.description === '' ? {} : { description: method.description }),
    ...(method.kind === null ? {} : { driver: `${method.kind} driver` }),
    destructive: method.destructive,
    idempotent: method.idempotent,
    tags: method.tags,
    ...(method.stdin === null ? {} : { 'standard input': `the param ${method.stdin}` }),
    ...(method.output === null ? {} : { output: method.output }),
    ...(method.stream ? { stream: 'its output comes as it is printed' } : {}),
    ...(method.finishes ? { 'when you leave': 'it runs to its end' } : {}),
    params: method.params.map(paramRow),
    result: method.result,
    errors: method.errors,
  };
}

function paramRow({ name, required, schema }: ParamDescription): JsonValue {
  const details = isJsonObject(schema) ? schema : {};
  const { type = null, title = null, description = null } = details;
  return { name, type, required: required ? 'required' : 'optional', description: description ?? title };
}
