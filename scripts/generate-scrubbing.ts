// Writes the parts of docs/scrubbing.md and README.md that are made of rules and of bench/results/scrub.json:
// `node scripts/generate-scrubbing.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import type { Figure, Row } from '../bench/pairs.ts';
import { RULES } from '../src/broker/scrub/rules/all.ts';
import { cell, replacePart } from './document-parts.ts';

const root = new URL('../', import.meta.url);

interface Results {
  readonly machine: Readonly<Record<string, unknown>>;
  readonly rows: readonly (Row | Figure)[];
}

/** What others reach, as far as it is known, by the name of the row that is beside it. */
const BEFORE: Readonly<Record<string, string>> = {
  'recall: noseyparker': '44 %',
  'recall: detect-secrets': '15 %',
  'log lines wrongly changed': '0 of 6,354',
  'known values that survive': 'GitHub runner’s encoders 29.9 %, Jenkins’ 33.7 %',
};
/** Of the rows whose number is to be small. */
const AT_MOST = new Set(['log lines wrongly changed', 'known values that survive']);

/** The documents with generated parts, by their path in the checkout, each with what stands in its parts. */
export const scrubbingDocuments: readonly {
  readonly path: string;
  readonly parts: Readonly<Record<string, (results: Results) => string>>;
}[] = [
  { path: 'docs/scrubbing.md', parts: { rules: renderRules, figures: renderFigures } },
  { path: 'README.md', parts: { scrubbing: renderSummary } },
];

function readResults(): Results {
  return JSON.parse(readFileSync(new URL('bench/results/scrub.json', root), 'utf8'));
}

function renderRules(): string {
  const ids = [...new Set(RULES.map(({ id }) => id))].sort();
  return `There are ${ids.length} rules; a mark names one of ${ids.map((id) => `\`${id}\``).join(', ')}.\n`;
}

function renderFigures({ machine, rows }: Results): string {
  const figures = rows.filter((row) => 'reached' in row);
  const races = rows.filter((row) => 'peer' in row);
  const accuracy = figures.filter(({ unit }) => unit !== 'ms').map(accuracyRow);
  const speed = races.map(
    ({ name, ours, goal, peer, peer_name, ratio }) =>
      `| ${cell(name)} | ${goal === undefined ? '' : `${goal} MB/s at least`} | ${whole(ours)} MB/s | ${whole(peer)} MB/s (${peer_name}) | ${ratio} |`,
  );
  const hostile = figures
    .filter(({ unit }) => unit === 'ms')
    .map(
      ({ name, aim, reached, note }) =>
        `| ${cell(name)}${note ? ` (\`${cell(note)}\`)` : ''} | ${aim} ms at most | ${reached} ms |`,
    );
  return `\`npm run bench -- scrub\` makes these, and \`npm run generate\` writes them here; Node ${machine['node']}, ${machine['arch']}, ${machine['cpus']} processors. “Others” are gitleaks’ rules as they are, unless another is named.

| figure | others | aim | reached |
| --- | --- | --- | --- |
${accuracy.join('\n')}

| throughput | aim | reached | beside it, in the same run | ratio |
| --- | --- | --- | --- | --- |
${speed.join('\n')}

Gitleaks’ rules, unmodified in V8: 0.4 MB/s, and over 200 ms for each 100 KB of 23 hostile inputs.

| time for 100 KB of a text that is made to cost it | aim | reached |
| --- | --- | --- |
${hostile.join('\n')}
`;
}

function renderSummary({ rows }: Results): string {
  const figure = (name: string): number =>
    rows.filter((row) => 'reached' in row).find((row) => row.name === name)?.reached ?? Number.NaN;
  const speed = (name: string): string =>
    whole(rows.filter((row) => 'peer' in row).find((row) => row.name.startsWith(name))?.ours ?? Number.NaN);
  return `Of the secrets in other projects’ tests it masks ${figure('recall: noseyparker')} % (Nosey Parker), ${figure('recall: detect-secrets')} % (detect-secrets), ${figure('recall: secretlint')} % (secretlint) and ${figure('recall: gitleaks')} % (gitleaks), and it changes ${figure('log lines wrongly changed')} % of real log lines. Of known values in the outputs of real tools ${figure('known values that survive')} % survive. With all rules and 20 known values it takes ${speed('scrub: ordinary log text, 64 KB chunks, all rules, 20')} MB/s of ordinary log text, and ${speed('scrub: one line')} MB/s of a line of 10 MB. \`npm run bench -- scrub\` measures that; [docs/scrubbing.md](docs/scrubbing.md) says what is counted, and what cannot be found.
`;
}

function accuracyRow({ name, reached, unit, of, aim, note }: Figure): string {
  const limit = AT_MOST.has(name) ? 'at most' : 'at least';
  const wanted = aim === null ? '' : `${aim} ${unit} ${limit}`;
  return `| ${name} | ${BEFORE[name] ?? ''} | ${wanted} | ${reached} ${unit} of ${of}${note ? ` (${cell(note)})` : ''} |`;
}

/** Below ten a place behind the point tells something. */
const whole = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));

/** @throws Error where a document lacks markers */
export function renderDocument(
  text: string,
  parts: Readonly<Record<string, (results: Results) => string>>,
): string {
  const results = readResults();
  return Object.entries(parts).reduce(
    (whole, [name, render]) => replacePart(whole, name, 'generate-scrubbing.ts', render(results)),
    text,
  );
}

if (import.meta.main)
  for (const { path, parts } of scrubbingDocuments) {
    const url = new URL(path, root);
    writeFileSync(url, renderDocument(readFileSync(url, 'utf8'), parts));
  }
