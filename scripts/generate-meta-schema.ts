// Writes src/broker/validate/meta-schema.generated.js and its types: `node scripts/generate-meta-schema.ts`. A broker that
// compiled the meta-schema of JSON Schema 2020-12 by itself would start a fifth later, and hold what was compiled for ever.
import { writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { standaloneValidators } from './standalone-validators.ts';

const FOLDER = new URL('../src/broker/validate/', import.meta.url);
const META_SCHEMA = 'https://json-schema.org/draft/2020-12/schema';
const HEADER = 'Made by scripts/generate-meta-schema.ts from ajv; change that and run `npm run generate`.';

const TYPES = `interface Problem {
  readonly instancePath: string;
  readonly message?: string;
}
/** Whether a value is a JSON Schema 2020-12; "errors" says after a refusal why not. */
export declare const isSchema: {
  (value: unknown): boolean;
  errors?: readonly Problem[] | null;
};
`;

export async function metaSchemaText(): Promise<string> {
  const ajv = new Ajv2020({ strict: true, logger: false, code: { source: true, esm: true, lines: true } });
  return standaloneValidators(ajv, { isSchema: META_SCHEMA }, HEADER);
}

if (import.meta.main) {
  writeFileSync(new URL('meta-schema.generated.js', FOLDER), await metaSchemaText());
  writeFileSync(new URL('meta-schema.generated.d.ts', FOLDER), `// ${HEADER}\n\n${TYPES}`);
}
