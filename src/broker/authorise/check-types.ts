import { type DetailedError, validate } from '@cedar-policy/cedar-wasm/nodejs';
import type { Catalogue } from './catalogue.ts';
import { appliesTo } from './coverage.ts';
import type { ParsedPolicy } from './parse.ts';
import { locateByte, PolicyError, type PolicyLocation } from './policy-error.ts';
import { cedarSchema } from './schema.ts';

/**
 * Checks policies against the params of each method that they may decide about: a misspelt param, a comparison of
 * different types, a param that may be missing and was not asked for by `has`. A policy that could then never match
 * (`context.params has pth && …`) is a mistake too.
 *
 * @throws PolicyError with the first mistake's place
 */
export function checkTypes(policies: readonly ParsedPolicy[], catalogue: Catalogue): void {
  // Of what no method is enabled for, nothing can be said yet.
  const checked = policies.filter((policy) =>
    [...catalogue.methods.values()].some((method) => appliesTo(policy, method)),
  );
  if (checked.length === 0) return;
  const answer = validate({
    schema: cedarSchema(catalogue),
    policies: { staticPolicies: Object.fromEntries(checked.map(({ text }, index) => [String(index), text])) },
  });
  if (answer.type === 'failure') {
    throw new PolicyError(
      null,
      `Cedar does not accept its schema: ${answer.errors[0]?.message ?? 'unknown'}`,
    );
  }
  const found = [...answer.validationErrors, ...answer.validationWarnings];
  const mistakes = new Map(found.toReversed().map(({ policyId, error }) => [Number(policyId), error]));
  const [first] = [...mistakes].toSorted(([one], [other]) => one - other);
  const policy = first === undefined ? undefined : checked[first[0]];
  if (first === undefined || policy === undefined) return;
  throw new PolicyError(placeIn(policy, first[1]), reasonOf(first[1]));
}

/** Cedar gives a place in the policy's own text, in bytes. */
function placeIn({ text, location }: ParsedPolicy, { sourceLocations }: DetailedError): PolicyLocation {
  const { file, line, column } = locateByte(location.file, text, sourceLocations?.[0]?.start ?? 0);
  if (line > 1) return { file, line: location.line + line - 1, column };
  return { file, line: location.line, column: (location.column ?? 1) + (column ?? 1) - 1 };
}

function reasonOf({ message, help }: DetailedError): string {
  const text = help === null ? message : `${message} (${help})`;
  // Cedar knows the policy by the number that it has here alone.
  return text.replaceAll(/for policy `\d+`, /g, '').replaceAll('\n', ' ');
}
