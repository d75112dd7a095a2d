// Writes src/shared/errors.generated.ts and docs/errors.md from protocol/errors.json: `node scripts/generate-errors.ts`.
import { readFileSync, writeFileSync } from 'node:fs';

export interface ErrorRow {
  readonly reason: string;
  readonly code: number;
  readonly message: string;
  readonly retryable: boolean;
  readonly meaning: string;
}

const root = new URL('../', import.meta.url);

/** The generated files by their path in the checkout, each with the function that makes its text. */
export const generatedFiles: readonly {
  readonly path: string;
  readonly render: (rows: readonly ErrorRow[]) => string;
}[] = [
  { path: 'src/shared/errors.generated.ts', render: renderModule },
  { path: 'docs/errors.md', render: renderDocument },
];

/**
 * Reads protocol/errors.json.
 *
 * @throws TypeError where a row lacks a member or has one of another type
 */
export function readErrorRows(): readonly ErrorRow[] {
  const table: unknown = JSON.parse(readFileSync(new URL('protocol/errors.json', root), 'utf8'));
  if (!isRecord(table) || table['version'] !== 1 || !Array.isArray(table['errors'])) {
    throw new TypeError('Cannot read protocol/errors.json: it is not a version 1 table');
  }
  return table['errors'].map(readRow);
}

function readRow(row: unknown, index: number): ErrorRow {
  if (isRecord(row)) {
    const { reason, code, message, retryable, meaning } = row;
    if (
      typeof reason === 'string' &&
      typeof code === 'number' &&
      typeof message === 'string' &&
      typeof retryable === 'boolean' &&
      typeof meaning === 'string'
    ) {
      return { reason, code, message, retryable, meaning };
    }
  }
  throw new TypeError(`Cannot read protocol/errors.json: row ${index} is not complete`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function renderModule(rows: readonly ErrorRow[]): string {
  const lines = rows.map(({ reason, code, message, retryable }) => {
    return `  ${JSON.stringify(reason)}: { code: ${code}, message: ${JSON.stringify(message)}, retryable: ${retryable} },`;
  });
  return `// Generated from protocol/errors.json by scripts/generate-errors.ts. Change that file, then run it again.

/** The stable word of an error, \`data.reason\`. */
export type ErrorReason =
${rows.map(({ reason }) => `  | ${JSON.stringify(reason)}`).join('\n')};

/** Code, message and retryable of each error. */
export const errorTable: Readonly<
  Record<ErrorReason, { readonly code: number; readonly message: string; readonly retryable: boolean }>
> = {
${lines.join('\n')}
};
`;
}

function renderDocument(rows: readonly ErrorRow[]): string {
  const lines = rows.map(({ reason, code, message, retryable, meaning }) => {
    return `| \`${reason}\` | ${code} | ${retryable ? 'yes' : 'no'} | ${message} | ${meaning} |`;
  });
  return `<!-- Generated from protocol/errors.json by scripts/generate-errors.ts. Change that file, then run it again. -->

# Errors

Every error is a JSON-RPC 2.0 error object. Its \`data\` always has \`request_id\` (the id under which the operational
log and the audit log know the call), \`reason\` (the word below, which does not change) and \`retryable\` (whether
the same call may succeed later). Where something of what the driver said was masked, \`scrubbed\` says how often by
which rule.

| reason | code | retryable | message | meaning |
| --- | --- | --- | --- | --- |
${lines.join('\n')}
`;
}

if (import.meta.main) {
  const rows = readErrorRows();
  for (const { path, render } of generatedFiles) writeFileSync(new URL(path, root), render(rows));
}
