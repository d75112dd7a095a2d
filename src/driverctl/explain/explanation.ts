import { isJsonObject, type JsonObject, type JsonValue } from '../../shared/json-value.ts';
import { BUILT_IN_WAIT_MS } from '../client/discover.ts';
import type { Session } from '../client/session.ts';
import { Failure } from '../failure.ts';

/** A policy as the daemon tells of it. */
export interface ToldPolicy {
  readonly id: string;
  readonly effect: 'permit' | 'forbid';
  /** `FILE:LINE:COLUMN`. */
  readonly at: string;
  /** As in the file (`Group::"ops"`); null: anyone. */
  readonly principal: string | null;
  readonly conditional: boolean;
  readonly concerns: boolean;
  readonly decided: boolean;
}

export interface Explanation {
  readonly permitted: boolean;
  /** Which stage refused it. */
  readonly stage: string | null;
  readonly reason: string | null;
  readonly exists: boolean;
  readonly policies: readonly ToldPolicy[];
  /** All of the answer. */
  readonly json: JsonObject;
}

export interface ToldMethod {
  readonly name: string;
  readonly summary: string;
  readonly destructive: boolean;
  readonly callable: boolean;
  readonly policies: readonly ToldPolicy[];
}

/** Asks whether a call would be permitted, and why. Throws `Failure`. */
export async function explainCall(session: Session, asked: JsonObject): Promise<Explanation> {
  const json = await ask(session, asked);
  return {
    permitted: json['permitted'] === true,
    stage: textOrNull(json['stage']),
    reason: textOrNull(json['reason']),
    exists: json['exists'] === true,
    policies: objectsIn(json['policies']).map(readPolicy),
    json,
  };
}

/** Asks what somebody may call. Throws `Failure`. */
export async function explainMethods(session: Session, as: JsonObject): Promise<readonly ToldMethod[]> {
  const { methods } = await ask(session, { as });
  return objectsIn(methods).map((method) => ({
    name: String(method['name']),
    summary: String(method['summary']),
    destructive: method['destructive'] === true,
    callable: method['callable'] === true,
    policies: objectsIn(method['policies']).map(readPolicy),
  }));
}

async function ask(session: Session, asked: JsonObject): Promise<JsonObject> {
  const { result } = await session.request('rpc.explain', asked, BUILT_IN_WAIT_MS);
  if (!isJsonObject(result)) throw new Failure('connection', 'Cannot read the answer: it explains nothing');
  return result;
}

function readPolicy(policy: JsonObject): ToldPolicy {
  return {
    id: String(policy['id']),
    effect: policy['effect'] === 'permit' ? 'permit' : 'forbid',
    at: String(policy['at']),
    principal: textOrNull(policy['principal']),
    conditional: policy['conditional'] === true,
    concerns: policy['concerns'] === true,
    decided: policy['decided'] === true,
  };
}

function objectsIn(list: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter((one: JsonValue) => isJsonObject(one)) : [];
}

function textOrNull(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
