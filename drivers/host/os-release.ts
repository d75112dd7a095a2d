/** What os-release(5) says of a distribution. */
export type Distribution = {
  readonly id: string | null;
  readonly name: string | null;
  readonly version: string | null;
};

const ASSIGNMENT = /^([A-Z][A-Z0-9_]*)=(.*)$/;

/** Reads the text of an os-release file (os-release(5)): the shell's assignments, without its expansions. */
export function readDistribution(text: string): Distribution {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name, value] = ASSIGNMENT.exec(line.trim()) ?? [];
    if (name !== undefined && value !== undefined) values.set(name, unquoted(value));
  }
  return {
    id: values.get('ID') ?? null,
    name: values.get('PRETTY_NAME') ?? values.get('NAME') ?? null,
    version: values.get('VERSION_ID') ?? null,
  };
}

/** Within double quotes a backslash stands before `"`, `$`, `\` and a grave accent; within single quotes it is itself. */
function unquoted(value: string): string {
  const quote = value[0];
  const isQuoted = value.length > 1 && (quote === '"' || quote === "'") && value.endsWith(quote);
  if (!isQuoted) return value;
  const inner = value.slice(1, -1);
  return quote === '"' ? inner.replaceAll(/\\(["$`\\])/g, '$1') : inner;
}
