import { type DetailedError, policySetTextToParts, policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type Conditions, readConditions } from './conditions.ts';
import type { Vocabulary } from './literals.ts';
import { locate, locateByte, PolicyError, type PolicyLocation, placeText } from './policy-error.ts';
import { POLICY_COUNT, POLICY_FILE_BYTES, POLICY_HINT_LENGTH, POLICY_ID_LENGTH } from './policy-limits.ts';
import { readScope, type Scope, ScopeProblem } from './scope.ts';
import { type Statement, splitStatements } from './statements.ts';

/** A policy.d/*.cedar file, already opened and checked. */
export interface PolicyFile {
  readonly file: string;
  readonly text: string;
}

/** One policy, judged against what exists. */
export interface ParsedPolicy {
  /** Its `@id`, else the file's name and its number in the file, from 1: `disk.cedar:2`. */
  readonly id: string;
  readonly location: PolicyLocation;
  readonly text: string;
  readonly effect: 'permit' | 'forbid';
  readonly scope: Scope;
  readonly conditions: Conditions;
  /** Its `@hint`: what a caller is told whom it denies. */
  readonly hint: string | null;
}

const PRINTABLE = /^[\x20-\x7e]+$/;

function withRelated(error: DetailedError): DetailedError[] {
  return [error, ...(error.related ?? []).flatMap(withRelated)];
}

/** Cedar lists its findings in no order of place; the first in the text is the one to mend first. */
function cedarProblem({ file, text }: PolicyFile, errors: readonly DetailedError[]): PolicyError {
  const found = errors.flatMap(withRelated).map((error) => ({ error, label: error.sourceLocations?.[0] }));
  const first = found.reduce<(typeof found)[number] | undefined>(
    (best, next) => ((next.label?.start ?? Infinity) < (best?.label?.start ?? Infinity) ? next : best),
    found[0],
  );
  const label = first?.label?.label;
  const reason = `${first?.error.message ?? 'Cedar does not accept it'}${label ? `, ${label}` : ''}`;
  return new PolicyError(locateByte(file, text, first?.label?.start ?? 0), reason.replaceAll('\n', ' '));
}

/** Cedar's own list of policies must be ours: else a place, or a limit, was judged on other text than Cedar's. */
function splitAsCedarDoes(source: PolicyFile): readonly Statement[] {
  const { file, text } = source;
  if (Buffer.byteLength(text) > POLICY_FILE_BYTES) {
    throw new PolicyError({ file, line: 1, column: null }, `the file is over ${POLICY_FILE_BYTES} bytes`);
  }
  const statements = splitStatements(text);
  if ('reason' in statements) throw new PolicyError(locate(file, text, statements.index), statements.reason);
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') throw cedarProblem(source, parts.errors);
  const template = statements.find((statement) => parts.policy_templates.includes(statement.text));
  if (template !== undefined) {
    throw new PolicyError(
      locate(file, text, template.start),
      'it is a template, which nothing here fills in',
    );
  }
  const known = new Set(parts.policies);
  if (statements.length !== parts.policies.length || !statements.every((one) => known.has(one.text))) {
    throw new PolicyError({ file, line: 1, column: null }, 'its policies cannot be told apart');
  }
  return statements;
}

function policyId(annotation: string | null | undefined, fallback: string, location: PolicyLocation): string {
  const id = annotation === undefined ? fallback : (annotation ?? '');
  if (!PRINTABLE.test(id) || id.length > POLICY_ID_LENGTH) {
    throw new PolicyError(location, `its id is not 1 to ${POLICY_ID_LENGTH} printable ASCII characters`);
  }
  return id;
}

function policyHint(annotation: string | null | undefined, location: PolicyLocation): string | null {
  if (annotation === undefined) return null;
  const hint = annotation ?? '';
  if (hint.length > 0 && hint.length <= POLICY_HINT_LENGTH && !/[\p{C}\u2028\u2029]/u.test(hint)) return hint;
  throw new PolicyError(location, `its hint is not 1 to ${POLICY_HINT_LENGTH} visible characters`);
}

function parsePolicy(
  source: PolicyFile,
  statement: Statement,
  number: number,
  vocabulary: Vocabulary,
): ParsedPolicy {
  const location = locate(source.file, source.text, statement.start);
  const answer = policyToJson(statement.text);
  if (answer.type === 'failure') {
    throw new PolicyError(location, cedarProblem({ ...source, text: statement.text }, answer.errors).reason);
  }
  const { json } = answer;
  const name = source.file.slice(source.file.lastIndexOf('/') + 1);
  const id = policyId(json.annotations?.['id'], `${name}:${number}`, location);
  const hint = policyHint(json.annotations?.['hint'], location);
  try {
    const scope = readScope(json, vocabulary);
    const conditions = readConditions(json, vocabulary);
    return { id, location, text: statement.text, effect: json.effect, scope, conditions, hint };
  } catch (error) {
    if (error instanceof ScopeProblem) throw new PolicyError(location, error.message);
    throw error;
  }
}

/**
 * Parses policy files as one set.
 *
 * @throws PolicyError with file, line and reason: text that is not Cedar, a template, an entity that does not exist, a
 *   comparison that can never be true, an id used twice, or a limit of policy-limits.ts
 */
export function parsePolicies(files: readonly PolicyFile[], vocabulary: Vocabulary): readonly ParsedPolicy[] {
  const policies = new Map<string, ParsedPolicy>();
  for (const source of files) {
    for (const [index, statement] of splitAsCedarDoes(source).entries()) {
      const policy = parsePolicy(source, statement, index + 1, vocabulary);
      const other = policies.get(policy.id);
      if (other !== undefined) {
        throw new PolicyError(policy.location, `its id ${policy.id} is also at ${placeText(other.location)}`);
      }
      policies.set(policy.id, policy);
      if (policies.size > POLICY_COUNT) {
        throw new PolicyError(policy.location, `there are more than ${POLICY_COUNT} policies`);
      }
    }
  }
  return [...policies.values()];
}
