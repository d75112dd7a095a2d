import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** protocol/audit-record.schema.json, as it is published. */
export const recordSchema = JSON.parse(
  readFileSync(new URL('../../protocol/audit-record.schema.json', import.meta.url), 'utf8'),
) as { properties: { event: { enum: string[] } }; examples: unknown[] };

let compiled: ValidateFunction | undefined;

/** Why a record is none of the published ones, or null. */
export function recordProblem(record: unknown): string | null {
  compiled ??= new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: false }).compile(recordSchema);
  if (compiled(record) === true) return null;
  const [problem] = compiled.errors ?? [];
  return `${problem?.instancePath} ${problem?.message}: ${JSON.stringify(record)}`;
}
