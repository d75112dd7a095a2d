import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** Where texts with secrets of other projects' tests stand, and texts without. */
export const SECRET_CORPORA = ['noseyparker', 'detect-secrets', 'secretlint', 'gitleaks'] as const;
export type SecretCorpus = (typeof SECRET_CORPORA)[number];
/** Lines of real CI jobs, without secrets. */
export const LOG_CORPUS = 'logs.gitlab-ci';

type Row = Readonly<Record<string, unknown>>;

export interface TextWithSecret {
  readonly rule: string;
  readonly text: string;
  readonly secret: string;
}

/** What a tool printed of a value that it was given. */
export interface ToolOutput {
  readonly tool: string;
  /** How the tool changes what it prints; `stretch` marks what goes beyond a form of the value. */
  readonly class: string;
  readonly value: string;
  readonly text: string;
}

/** @throws Error where there is no such file, or a line of it is not a JSON object */
function rowsOf(name: string): readonly Row[] {
  const packed = readFileSync(new URL(`../corpora/${name}.jsonl.gz`, import.meta.url));
  const lines = gunzipSync(packed).toString('utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** Rows whose secret is known. */
export function textsWithSecrets(corpus: SecretCorpus): readonly TextWithSecret[] {
  return rowsOf(`${corpus}.tp`).flatMap(({ rule, text, secret }) =>
    typeof secret === 'string' && secret !== '' ? [{ rule: String(rule), text: String(text), secret }] : [],
  );
}

/**
 * Texts in which nothing is to be masked; those are left out that another rule of their own project hits, or that are
 * about how a value is quoted in source code.
 */
export function textsWithoutSecrets(corpus: SecretCorpus | typeof LOG_CORPUS): readonly string[] {
  return rowsOf(`${corpus}.fp`).flatMap(({ text, also_matches, weak_label }) =>
    also_matches === undefined && weak_label === undefined ? [String(text)] : [],
  );
}

export function toolOutputs(): readonly ToolOutput[] {
  return rowsOf('known-values.tools').flatMap(({ tool, class: kind, values, text }) =>
    (values as readonly string[]).map((value) => ({
      tool: String(tool),
      class: String(kind),
      value,
      text: String(text),
    })),
  );
}
