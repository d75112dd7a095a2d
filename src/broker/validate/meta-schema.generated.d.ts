// Made by scripts/generate-meta-schema.ts from ajv; change that and run `npm run generate`.

interface Problem {
  readonly instancePath: string;
  readonly message?: string;
}
/** Whether a value is a JSON Schema 2020-12; "errors" says after a refusal why not. */
export declare const isSchema: {
  (value: unknown): boolean;
  errors?: readonly Problem[] | null;
};
